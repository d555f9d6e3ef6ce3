import type { Language } from '../../core/languages.ts';

/** What the desktop shows in the look of. */
export type Theme = 'win7' | 'win8' | 'win81';

/** What the logon screen has to know of the machine, as it was at boot. */
export interface LogonFacts {
  /** Local users, in the order of their tiles. */
  readonly users: readonly { readonly account: string; readonly displayName: string }[];
  /** Whether the add-in is registered as a credential provider and its DLL is on the disk. */
  readonly resetLink: boolean;
  /** Enabled credential providers that are not part of Windows; with more than one each user has a tile for each. */
  readonly thirdPartyProviders: number;
}

/** Where the reset page is, as this guest can reach it; or that it can't be reached, with the reason for the log. */
export type ResetPage =
  | {
      readonly reachable: true;
      readonly url: string;
      readonly proxy: { readonly host: string; readonly port: number };
    }
  | {
      readonly reachable: false;
      readonly reason: string;
      /** The add-in says nothing: its window closes, and the logon screen is back. */
      readonly closes?: boolean;
    };

export type SignIn = 'accepted' | 'refused' | 'unavailable';

/** The machine behind the desktop. */
export interface DesktopHost {
  readonly theme: Theme;
  /** Asked for each scene. */
  language(): Language;
  /** Called once a boot, before the logon screen is shown. */
  logonFacts(): Promise<LogonFacts>;
  /** Called on a click on the link: the guest's own handshake through its own proxy settings. */
  openResetPage(account: string): Promise<ResetPage>;
  signIn(account: string, password: string): Promise<SignIn>;
  /** Power button of the logon screen. */
  power(action: 'restart' | 'shutdown'): void;
}

export type Scene = 'boot' | 'logon' | 'shutdown' | 'restart';

/** The machine's graphics card, keyboard and mouse: an X server that speaks VNC, with the screens of Windows on it. */
export interface Desktop {
  readonly vncPort: number;
  /** Shows a scene. `logon` asks the host for its facts anew. Resolves when it is painted. */
  show(scene: Scene): Promise<void>;
  close(): Promise<void>;
}

export interface DesktopOptions {
  readonly host: DesktopHost;
  /** At most 8 characters count, as in every VNC server. */
  readonly vncPassword: string;
  /** A folder for profiles, password files and logs; emptied at start, removed at close. */
  readonly folder: string;
  /** PEM file of the authority whose certificates the reset page may have; undefined when there is no network. */
  readonly caFile: string | undefined;
}
