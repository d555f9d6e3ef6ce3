import type { Deadline } from '../../core/deadline.ts';
import type { Secret } from '../../core/secret.ts';

/** One way in which a user proves who he is, and where its code or its answers come from. */
export type Verification = CodeVerification | QuestionVerification;

/** The portal sends a code. */
export interface CodeVerification {
  readonly method: 'email' | 'sms';
  /** The number that the portal asks for before it sends a text message: `+1 4255550100`. */
  readonly phone?: string;
  readonly source: CodeSource;
}

/** The portal asks questions that the user has registered. */
export interface QuestionVerification {
  readonly method: 'questions';
  /**
   * The answer to a question as it was read from the screen: compared without case, accents and punctuation, and with
   * allowance for characters misread.
   * @throws Fault `answer-unknown` (config) that names the question read and those that are configured
   */
  answer(question: string): Secret;
}

/** Where verification codes arrive. */
export interface CodeSource {
  /** For errors and progress: `the mailbox codes-1@contoso.example`. */
  readonly where: string;
  /** Begins to watch. Call it before a code is asked for, so that an old one is not taken for the new one. */
  watch(deadline: Deadline): Promise<CodeWatch>;
}

export interface CodeWatch {
  /**
   * Waits for the code that was asked for. A code is given out once, and only if it is newer than the request (by the
   * clock that dated it) and meant for this user; it is a Secret, so that nothing prints it.
   * @throws Fault `code-not-received` (tenant), `interrupted`, whatever the source throws
   */
  next(deadline: Deadline): Promise<Secret>;
  /** Lets go of connections and ports; also after an error. */
  close(): Promise<void>;
}

/** Asks a person, at the terminal of the run; the answer is typed without being shown. */
export type Ask = (question: string, deadline: Deadline) => Promise<Secret>;
