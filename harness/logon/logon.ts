import type { Screen } from '../console/screen.ts';
import type { Deadline } from '../core/deadline.ts';
import type { Screens } from './screens/screens.ts';

/** The user as the logon screen and the portal know him. */
export interface LogonUser {
  /** The name below the tile. */
  readonly displayName: string;
  /** User principal name: the user ID of the portal. */
  readonly upn: string;
}

/** What every act at the logon screen needs. */
export interface Logon {
  readonly screen: Screen;
  readonly user: LogonUser;
  /** What the machine's screens say in its language. */
  readonly screens: Screens;
  readonly deadline: Deadline;
  /** Progress in words, for the live view: "clicks the link". */
  readonly report: (text: string) => void;
}
