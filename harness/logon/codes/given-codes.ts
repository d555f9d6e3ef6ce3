import { Secret } from '../../core/secret.ts';

/** What this process has given out. A code is good for one page of one reset. */
const given = new Set<string>();

export const wasGiven = (code: string): boolean => given.has(code);

/** The code as a Secret; nobody gets it again in this process. */
export function giveOut(code: string): Secret {
  given.add(code);
  return new Secret(code);
}
