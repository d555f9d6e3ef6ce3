import { LANGUAGES, type Language } from '../../../core/languages.ts';
import type { CodeMethod, UsableMethod } from '../accounts.ts';
import type { Problem, Refusal } from '../reset-flow.ts';
import { EN } from './en.ts';
import { ES } from './es.ts';
import { FR } from './fr.ts';
import { SV } from './sv.ts';
import { ZH_CN } from './zh-cn.ts';

/**
 * What the portal and its messages say in one language. Documented are the names of pages, methods and buttons and the
 * headlines of refusals (facts 6.2; the headline of missing security info is the articles' own); all else is the lab's
 * wording.
 */
export interface PortalCaptions {
  readonly backIntoAccount: string;
  readonly newPassword: string;
  readonly userId: {
    readonly who: string;
    readonly begin: string;
    readonly label: string;
    readonly example: string;
    readonly captchaPicture: string;
    readonly captchaLabel: string;
  };
  readonly methods: {
    readonly choose: string;
    readonly names: Readonly<Record<UsableMethod, string>>;
    /** The buttons that send a code. */
    readonly buttons: Readonly<Record<CodeMethod, string>>;
    readonly email: (maskedAddress: string) => string;
    readonly mobilePhone: (maskedNumber: string) => string;
    readonly phonePlaceholder: string;
  };
  readonly code: {
    readonly sent: Readonly<Record<CodeMethod, string>>;
    readonly label: string;
    readonly trouble: string;
    readonly resend: string;
    readonly otherMethod: string;
  };
  readonly password: { readonly enter: string; readonly confirm: string; readonly rules: string };
  readonly steps: { readonly verification: (number: number) => string; readonly password: string };
  readonly done: { readonly title: string; readonly text: string };
  readonly closed: {
    readonly finished: string;
    readonly cancelled: string;
    readonly closeWindow: string;
  };
  readonly expired: { readonly title: string; readonly text: string; readonly again: string };
  readonly next: string;
  readonly cancel: string;
  readonly close: string;
  readonly finish: string;
  readonly errorCode: string;
  readonly supportCode: string;
  readonly refused: Readonly<Record<Refusal, { readonly title: string; readonly text: string }>>;
  readonly problems: Readonly<Record<Problem, string>>;
  /** The mail with a code: its subject, and its lines but for the signature. */
  readonly mail: {
    readonly subject: (organization: string) => string;
    readonly lines: (upn: string, code: string) => readonly string[];
  };
  readonly text: (organization: string, code: string) => string;
}

export const CAPTIONS: Readonly<Record<Language, PortalCaptions>> = {
  en: EN,
  es: ES,
  fr: FR,
  sv: SV,
  'zh-CN': ZH_CN,
};

/**
 * The portal's language for a visitor: what the address says (`mkt=es-us`), or else what the browser prefers; English
 * when neither names a language of the lab.
 */
export function languageFor(mkt: string | null, acceptLanguage = ''): Language {
  const wanted = [mkt ?? '', ...acceptLanguage.split(',')].map((one) => one.trim().toLowerCase().slice(0, 2));
  for (const two of wanted) {
    const found = languages.find((name) => name.slice(0, 2) === two);
    if (found) return found;
  }
  return 'en';
}

const languages = Object.keys(LANGUAGES) as Language[];
