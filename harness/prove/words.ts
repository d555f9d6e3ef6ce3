import type { Outcome } from '../core/outcome.ts';
import type { Kind } from './judge.ts';
import type { Result } from './proof.ts';

/** How every report of a proof names a finding, and which outcome of a control it looks like. */
export const KIND_WORDS: Readonly<
  Record<Kind, { readonly word: string; readonly symbol: string; readonly look: Outcome }>
> = {
  caught: { word: 'caught', symbol: '✓', look: 'pass' },
  followed: { word: 'not checked any more', symbol: '·', look: 'notApplicable' },
  missed: { word: 'MISSED', symbol: '✗', look: 'fail' },
  wrongOutcome: { word: 'WRONG OUTCOME', symbol: '✗', look: 'fail' },
  wrongWords: { word: 'WRONG WORDS', symbol: '✗', look: 'fail' },
  falseAlarm: { word: 'FALSE ALARM', symbol: '✗', look: 'fail' },
  wrongExit: { word: 'WRONG EXIT CODE', symbol: '✗', look: 'fail' },
  notRefused: { word: 'NOT REFUSED', symbol: '✗', look: 'fail' },
};

export const RESULT_WORDS: Readonly<
  Record<Result, { readonly word: string; readonly symbol: string; readonly look: Outcome }>
> = {
  proven: { word: 'proven', symbol: '✓', look: 'pass' },
  unproven: { word: 'NOT PROVEN', symbol: '✗', look: 'fail' },
  error: { word: 'could not be tried', symbol: '!', look: 'error' },
};

/** What a control has come to, as the words of a finding tell it: `fail`, or `pass, was error`. */
export const changeOf = ({ was, is }: { readonly was: string; readonly is: string }): string =>
  is === '' ? '' : was === '' || was === 'pass' ? is : `${is}, was ${was}`;

/** What a proof is worth in one sentence. */
export function sentenceOf(faults: readonly { readonly result: Result }[], alarms: number): string {
  const count = (result: Result): number => faults.filter((one) => one.result === result).length;
  const [unproven, errors] = [count('unproven'), count('error')];
  return [
    `${count('proven')} of ${faults.length} faults are caught by exactly the controls that should catch them.`,
    unproven > 0 && `${unproven} ${unproven === 1 ? 'is' : 'are'} not.`,
    errors > 0 && `${errors} could not be tried.`,
    alarms > 0
      ? `${alarms} ${alarms === 1 ? 'run' : 'runs'} without a fault raised an alarm, or could not be made.`
      : 'No run without a fault raised an alarm.',
  ]
    .filter(Boolean)
    .join(' ');
}
