import type { VerificationSettings } from '../../config/accounts.ts';
import { Fault } from '../../core/errors.ts';
import type { QuestionVerification } from './verification.ts';

type Answers = Extract<VerificationSettings, { by: 'questions' }>['answers'];

/** So much of a question may be misread: one character in five. */
const MISREAD = 0.2;

/** The answers to the user's security questions, found by the question as it was read from the screen. */
export const answersOf = (answers: Answers): QuestionVerification => ({
  method: 'questions',
  answer(question) {
    const read = skeleton(question);
    const [best, ...others] = answers
      .map((one) => ({ ...one, skeleton: skeleton(one.question) }))
      .map((one) => ({ ...one, misread: distance(read, one.skeleton) }))
      .sort((one, other) => one.misread - other.misread);
    const isLike = best !== undefined && best.misread <= MISREAD * best.skeleton.length;
    // Of what tells two questions apart, at least half has to be read as in the one.
    const isAlone = others.every((other) => {
      const ahead = other.misread - (best?.misread ?? 0);
      return ahead > 0 && 2 * ahead >= distance(other.skeleton, best?.skeleton ?? '');
    });
    if (isLike && isAlone) return best.answer;
    throw new Fault(
      `${isLike ? 'More than one configured question fits' : 'No configured question fits'} the one on the screen: read "${question}", configured ${answers.map((one) => `"${one.question}"`).join(', ')}`,
      {
        code: 'answer-unknown',
        blame: 'config',
        remedy:
          'Write the questions in the configuration as the portal shows them, all that the user has registered, each once.',
      },
    );
  },
});

/** The letters and digits of a text, without case and accents; those that OCR confuses made one. */
const skeleton = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[1|!ıl]/g, 'i')
    .replace(/0/g, 'o')
    .replace(/[^\p{L}\p{N}]/gu, '');

/** How many characters have to be changed, added or left out to make one text of the other (Levenshtein). */
function distance(one: string, other: string): number {
  const [from, to] = [Array.from(one), Array.from(other)];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, character] of from.entries()) {
    const next = [index + 1];
    for (const [position, wanted] of to.entries()) {
      const changed = (row[position] ?? 0) + (character === wanted ? 0 : 1);
      next.push(Math.min(changed, (row[position + 1] ?? 0) + 1, (next[position] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
