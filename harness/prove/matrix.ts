import { cut, fit, OUTCOME_STYLES, painter, type Paint, wrap } from '../report/ansi.ts';
import { duration } from '../report/text.ts';
import type { Finding } from './judge.ts';
import { isGood } from './judge.ts';
import type { BaselineResult, FaultProof, Proof, Result } from './proof.ts';
import { changeOf, KIND_WORDS, RESULT_WORDS, sentenceOf } from './words.ts';

export interface MatrixOptions {
  readonly color: boolean;
  /** Width of the terminal in cells. */
  readonly columns: number;
  readonly reportPath: string;
}

/** Below this many cells nothing is laid out any more. */
const NARROWEST = 60;
const ID_WIDTH = 34;
const MACHINE_WIDTH = 9;

/** What a proof says at the terminal: every fault with what has caught it, what went wrong, what nothing proves. */
export function renderMatrix(proof: Proof, { color, columns, reportPath }: MatrixOptions): string {
  const paint = painter(color);
  const width = Math.max(NARROWEST, columns - 1);
  const areas = [...new Set(proof.faults.map(({ area }) => area))];
  const alarming = proof.baselines.filter(({ result }) => result !== 'proven');
  const bare = proof.controls.filter(({ catches }) => catches.length === 0).map(({ id }) => id);
  const blocks = [
    ...areas.map((area) => [
      paint('bold', area),
      ...proof.faults.filter((fault) => fault.area === area).flatMap((fault) => row(fault, paint, width)),
    ]),
    alarming.length === 0
      ? []
      : [paint('bold', 'Without a fault'), ...alarming.flatMap((one) => baselineRow(one, paint, width))],
    bare.length === 0 || !proof.all
      ? []
      : [
          paint('bold', 'Caught nothing here'),
          ...wrap(bare.join(', '), width - 2).map((line) => `  ${paint('grey', line)}`),
        ],
    [
      ...wrap(sentenceOf(proof.faults, alarming.length), width),
      `${paint(styleOf(proof.exitCode === 0 ? 'proven' : 'unproven'), `Exit code ${proof.exitCode}`)}, ${duration(proof.ms)}, ${proof.jobs} side by side`,
      `Report: ${reportPath}`,
    ],
  ];
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => `${block.join('\n')}\n`)
    .join('\n');
}

const styleOf = (result: Result) => OUTCOME_STYLES[RESULT_WORDS[result].look];

/** `✓ tls-client-disabled   win7   tls.client-enabled, tls.handshake`, and a line for each thing that is wrong. */
function row(fault: FaultProof, paint: Paint, width: number): string[] {
  const { symbol } = RESULT_WORDS[fault.result];
  const caught = fault.findings.filter(({ kind }) => kind === 'caught');
  const by = caught.map(({ control, text }) => control || `refused: ${text}`).join(', ');
  const left = 2 + 2 + ID_WIDTH + MACHINE_WIDTH;
  const [first = '', ...rest] = wrap(
    by || (fault.result === 'proven' ? 'changes nothing, as it should' : ''),
    width - left,
  );
  return [
    `  ${paint(styleOf(fault.result), symbol)} ${fit(cut(fault.id, ID_WIDTH - 1), ID_WIDTH)}${fit(fault.machine, MACHINE_WIDTH)}${first}`,
    ...rest.map((line) => `${' '.repeat(left)}${line}`),
    ...complaints(fault.findings, fault.error, paint, width),
  ];
}

function complaints(
  findings: readonly Finding[],
  error: string | null,
  paint: Paint,
  width: number,
): string[] {
  const lines = findings
    .filter((one) => !isGood(one))
    .map((one) => {
      const { word } = KIND_WORDS[one.kind];
      return `${word}${one.control === '' ? '' : ` ${one.control}`}${one.is === '' ? '' : ` (${changeOf(one)})`}: ${one.text}`;
    });
  if (error !== null) lines.push(`COULD NOT BE TRIED: ${error}`);
  return lines.flatMap((line) =>
    wrap(line, width - 6).map(
      (part, index) => `${index === 0 ? '    ' : '      '}${paint(error === null ? 'red' : 'magenta', part)}`,
    ),
  );
}

const baselineRow = (one: BaselineResult, paint: Paint, width: number): string[] => [
  `  ${paint(styleOf(one.result), RESULT_WORDS[one.result].symbol)} ${one.machine}, ${one.state}, stages ${one.stages.join(', ')}`,
  ...complaints(one.findings, one.error, paint, width),
];

/** One line of progress: what is through, and how it went. */
export function renderProgress(
  result: FaultProof | BaselineResult,
  [done, of]: readonly [number, number],
  paint: Paint,
): string {
  const { symbol, word } = RESULT_WORDS[result.result];
  const name =
    'id' in result
      ? result.id
      : `without a fault: ${result.machine}, ${result.state}, ${result.stages.join(', ')}`;
  const wrong =
    result.error ??
    result.findings
      .filter((one) => !isGood(one))
      .map(({ kind, control }) => `${KIND_WORDS[kind].word} ${control}`.trim())
      .join(', ');
  const counter = `${String(done).padStart(String(of).length)}/${of}`;
  return `[${counter}] ${paint(styleOf(result.result), `${symbol} ${word}`)} ${name}, ${duration(result.ms)}${result.tries > 1 ? ', at the second try' : ''}${wrong === '' ? '' : `: ${wrong}`}`;
}
