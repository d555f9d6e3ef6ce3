import type { BadScreen } from '../../console/bad-screens.ts';
import type { Wanted } from '../../console/screen.ts';
import type { VerificationMethod } from '../../core/console-action.ts';
import { EN } from './en.ts';

/** What the logon screen and the reset's pages say in one language: everything that the flow looks for. */
export interface Screens {
  /** Texts of Windows' own logon screen. */
  readonly logon: {
    readonly pressControlAltDelete: Wanted;
    /** The empty password box of the chosen user. */
    readonly passwordBox: Wanted;
    readonly link: Wanted;
    readonly refused: Wanted;
    /** Seen from the greeting on, as long as somebody is signed in. */
    readonly accepted: Wanted;
  };
  readonly reset: {
    readonly userId: Page;
    readonly method: {
      readonly seenBy: Wanted;
      /** How to choose each method that the flow knows, and the button that sends its code or hands in its answers. */
      readonly choices: Readonly<
        Record<VerificationMethod, { readonly choice: Wanted; readonly button: Wanted }>
      >;
      /** Methods that a page may offer and the flow can't use, to be named in an error. */
      readonly others: readonly Wanted[];
      /** Label or placeholder of the box for the phone number, where it is asked for before a text message is sent. */
      readonly phone: Wanted;
    };
    readonly code: Page;
    readonly newPassword: Page & { readonly confirmLabel: Wanted };
    readonly success: { readonly seenBy: Wanted; readonly button: Wanted };
    /** Buttons that lead back, in the order in which they are tried. */
    readonly wayBack: readonly Wanted[];
  };
  /** Screens on which the reset can't go on. */
  readonly bad: readonly BadScreen[];
}

/** A page of the reset with a field to fill in. */
export interface Page {
  readonly seenBy: Wanted;
  /** Label of the first field. */
  readonly label: Wanted;
  readonly button: Wanted;
}

/** By the language of the configuration. A language is added by a file like `en.ts`. */
export const SCREENS = { en: EN } as const satisfies Readonly<Record<string, Screens>>;
export type Language = keyof typeof SCREENS;
