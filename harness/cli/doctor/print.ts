import { EXIT_CODE } from '../../core/exit-code.ts';
import { fit, painter, type Style, wrap } from '../../report/ansi.ts';
import { plural } from '../../report/text.ts';
import type { Finding, State } from './finding.ts';

/** How a state is shown: its word says all; the colour only helps. */
const SHOWN: Readonly<Record<State, { readonly word: string; readonly style: Style }>> = {
  ok: { word: 'ok', style: 'green' },
  note: { word: 'note', style: 'yellow' },
  problem: { word: 'PROBLEM', style: 'red' },
  unknown: { word: 'UNKNOWN', style: 'magenta' },
  later: { word: '-', style: 'grey' },
};

const INDENT = '  ';
const STATE_CELLS = 9;
const WHAT_CELLS = 20;
/** Narrower than this, words would stand one beneath the other. */
const LEAST_TEXT = 30;

export interface PrintOptions {
  readonly columns: number;
  readonly color: boolean;
}

/** One finding as lines of three columns: state, what, text; a remedy begins below the text with an arrow. */
export function printFinding(
  what: string,
  { state, says, remedy }: Finding,
  { columns, color }: PrintOptions,
): string {
  const paint = painter(color);
  const { word, style } = SHOWN[state];
  const margin = ' '.repeat(INDENT.length + STATE_CELLS + WHAT_CELLS);
  const width = Math.max(LEAST_TEXT, columns - margin.length);
  const [first = '', ...others] = wrap(says, width);
  const head = `${INDENT}${paint(style, fit(word, STATE_CELLS))}${fit(what, WHAT_CELLS)}${first}`;
  const remedies = remedy === undefined ? [] : wrap(remedy, width - 2);
  return [
    head,
    ...others.map((line) => margin + line),
    ...remedies.map((line, index) => `${margin}${index === 0 ? '> ' : '  '}${line}`),
    '',
  ].join('\n');
}

/** The last line: how many of what, and what that means. */
export function printSummary(states: readonly State[], { color }: PrintOptions): string {
  const count = (state: State): number => states.filter((one) => one === state).length;
  const [problems, unknown, waiting] = [count('problem'), count('unknown'), count('later')];
  const parts = [
    problems > 0 ? plural(problems, 'problem') : 'no problems',
    ...(unknown > 0 ? [`${unknown} could not be checked`] : []),
    ...(waiting > 0 ? [`${waiting} not looked at yet`] : []),
  ];
  const style = SHOWN[problems > 0 ? 'problem' : unknown > 0 ? 'unknown' : 'ok'].style;
  return `\n${painter(color)(style, parts.join(', '))}\n`;
}

/** 2: something is to be put right; 3: nothing is known to be wrong, but not all could be checked; 0: ready. */
export function exitCodeOf(states: readonly State[]): number {
  if (states.includes('problem')) return EXIT_CODE.badUsage;
  return states.includes('unknown') ? EXIT_CODE.couldNotCheck : EXIT_CODE.compliant;
}
