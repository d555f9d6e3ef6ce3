import type { Deadline } from '../../core/deadline.ts';

/** Where verification codes arrive. */
export interface CodeSource {
  /** The method to choose in the portal, by which the codes come here. */
  readonly method: 'email';
  /** Begins to watch. Call it before a code is asked for, so that an old one is not taken for the new one. */
  watch(deadline: Deadline): Promise<CodeWatch>;
}

export interface CodeWatch {
  /**
   * Waits for the code that arrives after the watch began.
   * @throws Fault `code-not-received` (tenant), `interrupted`, whatever the source throws
   */
  next(deadline: Deadline): Promise<string>;
}
