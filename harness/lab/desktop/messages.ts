import { z } from 'zod';
import type { LogonFacts, Scene, SignIn, Theme } from './contract.ts';

/** What the page shows: a scene in the look of a Windows, and for the logon screen what it has to know. */
export type Show =
  | { readonly theme: Theme; readonly scene: Exclude<Scene, 'logon'> }
  | { readonly theme: Theme; readonly scene: 'logon'; readonly facts: LogonFacts };

/** Whether the page may put the reset page into its dialog. */
export type ResetAnswer = { readonly reachable: true; readonly url: string } | { readonly reachable: false };

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
