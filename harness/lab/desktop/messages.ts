import { z } from 'zod';
import type { DesktopCaptions } from './captions/captions.ts';
import type { LogonFacts, Scene, SignIn, Theme } from './contract.ts';

/** The look of a Windows, in its language. */
export interface Look {
  readonly theme: Theme;
  /** `sv-SE` */
  readonly culture: string;
  readonly captions: DesktopCaptions;
}

/** What the page shows: a scene in some look, and for the logon screen what it has to know. */
export type Show = Look &
  ({ readonly scene: Exclude<Scene, 'logon'> } | { readonly scene: 'logon'; readonly facts: LogonFacts });

/** Whether the page may put the reset page into its dialog; if not, whether it closes that without a word. */
export type ResetAnswer =
  | { readonly reachable: true; readonly url: string }
  | { readonly reachable: false; readonly closes: boolean };

/** What the desktop sends to its page. */
export type ToPage =
  | ({ readonly type: 'show'; readonly id: number } & Show)
  | { readonly type: 'answer'; readonly id: number; readonly value: SignIn | ResetAnswer };

/** What the page sends to the desktop. A message with an id asks for an answer with the same id. */
export const FromPage = z.discriminatedUnion('type', [
  /** The scene of the `show` with this id is on the screen. */
  z.object({ type: z.literal('painted'), id: z.number() }),
  z.object({ type: z.literal('sign-in'), id: z.number(), account: z.string(), password: z.string() }),
  z.object({ type: z.literal('open-reset-page'), id: z.number(), account: z.string() }),
  z.object({ type: z.literal('reset-page-closed') }),
  z.object({ type: z.literal('power'), action: z.enum(['restart', 'shutdown']) }),
]);
export type FromPage = z.infer<typeof FromPage>;
