import type { BadScreen } from '../../console/bad-screens.ts';
import type { Wanted } from '../../console/screen.ts';
import type { VerificationMethod } from '../../core/console-action.ts';
import type { Language } from '../../core/languages.ts';
import { badScreens } from './bad.ts';
import { captionKind, type CaptionKey } from './caption-keys.ts';
import { type CaptionFile, captionsOf, type CaptionSet } from './captions.ts';

/** What is looked for, and under which keys its wordings stand in the files of captions. */
export interface Caption extends Wanted {
  readonly keys: readonly CaptionKey[];
}

/** What the logon screen and the reset's pages say in one language: everything that the flow looks for. */
export interface Screens {
  readonly language: Language;
  /** Texts of Windows' own logon screen. */
  readonly logon: {
    readonly pressControlAltDelete: Caption;
    /** The empty password box of the chosen user. */
    readonly passwordBox: Caption;
    readonly link: Caption;
    /** What may stand beneath the password box besides the link. */
    readonly others: Caption;
    readonly refused: Caption;
    /** Seen from the greeting on, as long as somebody is signed in. */
    readonly accepted: Caption;
  };
  readonly reset: {
    readonly userId: Page;
    readonly method: {
      readonly seenBy: Caption;
      /** How to choose each method that the flow knows, and the button that sends its code or hands in its answers. */
      readonly choices: Readonly<
        Record<VerificationMethod, { readonly choice: Caption; readonly button: Caption }>
      >;
      /** Methods that a page may offer and the flow can't use, to be named in an error. */
      readonly others: readonly Caption[];
      /** Label or placeholder of the box for the phone number, where it is asked for before a text message is sent. */
      readonly phone: Caption;
    };
    readonly code: Page;
    readonly newPassword: Page & { readonly confirmLabel: Caption };
    readonly success: { readonly seenBy: Caption; readonly button: Caption };
    /** Buttons that lead back, in the order in which they are tried. */
    readonly wayBack: readonly Caption[];
  };
  /** Screens on which the reset can't go on. */
  readonly bad: readonly BadScreen[];
}

/** A page of the reset with a field to fill in. */
export interface Page {
  readonly seenBy: Caption;
  /** Label of the first field. */
  readonly label: Caption;
  readonly button: Caption;
}

/** The order of the pages and what stands on them is the same in every language; the words are the captions'. */
export function screensOf(language: Language, captions: CaptionSet): Screens {
  const textsOf = (key: CaptionKey): readonly string[] => captions[key].map(({ text }) => text);
  const caption = (...keys: readonly CaptionKey[]): Caption => ({ texts: keys.flatMap(textsOf), keys });
  const own = (key: CaptionKey): Caption => ({ ...caption(key), whole: captionKind(key).whole ?? false });
  const next = own('button.next');
  const others = own('method.others');
  return {
    language,
    logon: {
      pressControlAltDelete: own('logon.pressControlAltDelete'),
      passwordBox: own('logon.passwordBox'),
      link: own('logon.link'),
      others: own('logon.others'),
      refused: own('logon.refused'),
      accepted: own('logon.accepted'),
    },
    reset: {
      userId: { seenBy: own('userId.heading'), label: own('userId.label'), button: next },
      method: {
        // Not by "verification step 1" or "2": both also stand on the pages that follow.
        seenBy: caption('method.heading', 'method.email', 'method.sms', 'method.questions', 'method.others'),
        choices: {
          email: { choice: own('method.email'), button: own('method.emailButton') },
          sms: { choice: own('method.sms'), button: own('method.smsButton') },
          // The documents name no button of this method.
          questions: { choice: own('method.questions'), button: next },
        },
        others: others.texts.map((text) => ({ ...others, texts: [text] })),
        phone: own('method.phone'),
      },
      code: { seenBy: caption('code.label'), label: { ...own('code.label'), whole: true }, button: next },
      newPassword: {
        seenBy: caption('newPassword.label'),
        label: { ...own('newPassword.label'), whole: true },
        confirmLabel: own('newPassword.confirmLabel'),
        button: next,
      },
      success: { seenBy: own('success.heading'), button: own('button.finish') },
      wayBack: [own('button.finish'), own('button.cancel'), own('button.close'), own('button.ok')],
    },
    bad: badScreens(textsOf),
  };
}

/** What a language's screens say. */
export const screensFor = (language: Language, files: readonly CaptionFile[] = []): Screens =>
  screensOf(language, captionsOf(language, files));
