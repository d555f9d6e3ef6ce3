import type { Language } from '../../../core/languages.ts';
import type { SignIn, Theme } from '../contract.ts';
import { EN } from './en.ts';
import { ES } from './es.ts';
import { FR } from './fr.ts';
import { SV } from './sv.ts';
import { ZH_CN } from './zh-cn.ts';

/**
 * What the screens of Windows and the add-in's window say in one language. The link and the window's title are those of
 * Microsoft's articles in that language; the rest is what Windows says there, or as near to it as the lab could get.
 */
export interface DesktopCaptions {
  readonly starting: string;
  readonly restarting: string;
  readonly shuttingDown: string;
  readonly logon: {
    /** What stands at the lower edge. */
    readonly edition: Readonly<Record<Theme, string>>;
    readonly password: string;
    readonly submit: string;
    readonly capsLock: string;
    readonly link: string;
    readonly switchUser: string;
    readonly back: string;
    readonly ok: string;
    /** Why somebody is not signed in. */
    readonly message: Readonly<Record<Exclude<SignIn, 'accepted'>, string>>;
    readonly welcome: string;
    readonly easeOfAccess: string;
    readonly powerOptions: string;
    readonly restart: string;
    readonly shutDown: string;
  };
  readonly dialog: {
    readonly title: string;
    readonly wait: string;
    readonly failed: string;
    readonly close: string;
  };
  readonly desktop: {
    readonly recycleBin: string;
    readonly computer: string;
    readonly start: string;
    readonly apps: Readonly<Record<App, string>>;
  };
}

/** The tiles of a new account's start screen; Internet Explorer has one name everywhere. */
type App = 'mail' | 'calendar' | 'store' | 'desktop' | 'photos' | 'weather' | 'maps' | 'camera' | 'help';

export const CAPTIONS: Readonly<Record<Language, DesktopCaptions>> = {
  en: EN,
  es: ES,
  fr: FR,
  sv: SV,
  'zh-CN': ZH_CN,
};
