import { OUTCOMES, type Outcome } from '../core/outcome.ts';
import { cells, cut, fit, OUTCOME_STYLES, painter, wrap, type Paint, type Style } from './ansi.ts';
import { findingsOf, type Finding } from './findings.ts';
import type { MachineResult, Requirement, Results, RunVerdict } from './model.ts';
import { duration, oneLine, plural } from './text.ts';
import {
  ENDED_WORDS,
  familyTitle,
  LAB_EXPLANATION,
  LAB_TITLE,
  delayWords,
  OUTCOME_COUNTED,
  OUTCOME_WORDS,
  timelineWords,
  VERDICT_WORDS,
} from './words.ts';
import { waiverFindingWord, waiverMachines, WAIVER_STATE_WORDS } from './waivers.ts';

export interface SummaryOptions {
  readonly color: boolean;
  /** Width of the terminal in cells. */
  readonly columns: number;
  readonly reportPath: string;
}

interface Page {
  readonly paint: Paint;
  readonly width: number;
}

/** The end of a run in words: the table of controls and machines, what needs attention, the verdict, the report. */
export function renderSummary(results: Results, { color, columns, reportPath }: SummaryOptions): string {
  const page = { paint: painter(color), width: Math.max(40, columns - 1) };
  const { failed, unknown, odd, faults } = findingsOf(results);
  const blocks = [
    table(results, page),
    findingBlock('Not met', 'fail', failed, page),
    findingBlock('Could not be checked', 'error', unknown, page),
    faults.length === 0
      ? []
      : [
          page.paint('bold', 'Went wrong'),
          ...faults.flatMap((fault) => [
            `  ${page.paint('magenta', '!')} ${fault.machine}, stage ${fault.stage}`,
            ...indented(fault.message, page),
            ...indented(`To do: ${fault.remedy}`, page),
          ]),
        ],
    findingBlock('Passed only in the end', 'pass', odd, page),
    waiverBlock(results, page),
    timelines(results, page),
    verdicts(results, reportPath, page),
  ];
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n') + '\n')
    .join('\n');
}

/** Below this many cells for the title of a control its row holds symbols only. */
const NARROWEST_TITLE = 30;

function table(results: Results, { paint, width }: Page): string[] {
  const names = results.machines.map((machine) => machine.name);
  const nameWidth = Math.max(0, ...names.map(cells));
  const withWords =
    Math.max(nameWidth, ...OUTCOMES.map((outcome) => 2 + OUTCOME_WORDS[outcome].word.length)) + 2;
  const words = width - 2 - withWords * names.length >= NARROWEST_TITLE;
  const cellWidth = words ? withWords : nameWidth + 2;
  const titleWidth = Math.min(76, Math.max(10, width - 2 - cellWidth * names.length));
  const families = [...new Set(results.requirements.map((requirement) => requirement.family))];
  return [
    `${' '.repeat(titleWidth + 2)}${names.map((name) => `  ${paint('bold', fit(name, cellWidth - 2))}`).join('')}`,
    ...families.flatMap((family) => [
      paint('bold', familyTitle(oneLine(family))),
      ...results.requirements
        .filter((requirement) => requirement.family === family)
        .map((requirement) => {
          const row = results.machines.map((machine) =>
            cell(machine, requirement, { words, cellWidth, paint }),
          );
          return `  ${fit(requirement.title, titleWidth)}${row.join('')}`;
        }),
    ]),
    ...(words ? [] : ['', ...wrap(legend(results), width)]),
  ];
}

interface CellLook {
  readonly words: boolean;
  readonly cellWidth: number;
  readonly paint: Paint;
}

function cell(machine: MachineResult, { id }: Requirement, { words, cellWidth, paint }: CellLook): string {
  const control = machine.controls.find((other) => other.id === id);
  if (!control) return ' '.repeat(cellWidth);
  const { symbol, word } = OUTCOME_WORDS[control.outcome];
  const flaky = control.flaky ? '*' : '';
  const text = words ? `${symbol} ${word}${flaky}` : `${symbol}${flaky}`;
  return `  ${paint(OUTCOME_STYLES[control.outcome], fit(text, cellWidth - 2))}`;
}

const legend = ({ counts }: Results): string =>
  OUTCOMES.filter((outcome) => counts[outcome] > 0)
    .map((outcome) => `${OUTCOME_WORDS[outcome].symbol} ${OUTCOME_WORDS[outcome].word}`)
    .join(', ');

function findingBlock(title: string, outcome: Outcome, findings: readonly Finding[], page: Page): string[] {
  if (findings.length === 0) return [];
  const { symbol } = OUTCOME_WORDS[outcome];
  return [
    page.paint('bold', title),
    ...findings.flatMap(({ first, controls, machines, severity }) => [
      `  ${page.paint(OUTCOME_STYLES[outcome], symbol)} ${machines.join(', ')} (${severity}) ${controls.length === 1 ? first.id : plural(controls.length, 'control')}`,
      ...(controls.length === 1 ? [] : indented(controls.map((control) => control.id).join(', '), page)),
      ...indented(first.summary, page),
      ...(outcome === 'fail' && first.expected !== null ? indented(`Expected: ${first.expected}`, page) : []),
      ...(outcome === 'fail' && first.observed !== null ? indented(`Observed: ${first.observed}`, page) : []),
      ...(outcome === 'fail' || outcome === 'error' ? indented(`To do: ${first.remediation}`, page) : []),
      ...(first.flaky
        ? indented(`Flaky: ${first.attempts.map((a) => a.outcome).join(', then ')}`, page)
        : []),
    ]),
  ];
}

/** Each waiver with what it covered, and what somebody should do about it. */
function waiverBlock({ waivers }: Results, page: Page): string[] {
  if (waivers.length === 0) return [];
  const [style, symbol] = [OUTCOME_STYLES.waived, OUTCOME_WORDS.waived.symbol];
  return [
    page.paint('bold', 'Waivers'),
    ...waivers.flatMap((waiver) => {
      const { control, owner, reason, expires, state, covered, findings } = waiver;
      const terms = `${owner} ${state === 'expired' ? 'accepted' : 'accepts'} it until ${expires} on ${waiverMachines(waiver)}: ${reason}`;
      return [
        `  ${page.paint(style, symbol)} ${covered.length > 0 ? `${covered.join(', ')} ` : ''}${oneLine(control)} (${WAIVER_STATE_WORDS[state]})`,
        ...indented(terms, page),
        ...findings.flatMap(({ kind, says, remedy }) => [
          ...indented(`${waiverFindingWord(kind)}: ${says}`, page),
          ...indented(`To do: ${remedy}`, page),
        ]),
      ];
    }),
  ];
}

const indented = (text: string, { width }: Page): string[] =>
  wrap(text, width - 6).map((line) => `      ${line}`);

/** A line for each machine of which the audit log was read. */
function timelines({ machines }: Results, { paint, width }: Page): string[] {
  const nameWidth = Math.max(0, ...machines.map((machine) => cells(machine.name)));
  const lines = machines.flatMap(({ name, timeline }) => {
    if (!timeline) return [];
    const { word, look } = timelineWords(timeline);
    const said = cut(`${word}. ${delayWords(timeline)}`, width - nameWidth - 6);
    return [`  ${paint(OUTCOME_STYLES[look], OUTCOME_WORDS[look].symbol)} ${fit(name, nameWidth)}  ${said}`];
  });
  return lines.length === 0 ? [] : [paint('bold', 'Written down by the tenant'), ...lines];
}

const VERDICT_STYLES: Readonly<Record<RunVerdict, Style>> = {
  compliant: 'green',
  notCompliant: 'red',
  couldNotCheck: 'magenta',
  interrupted: 'yellow',
};

function verdicts(results: Results, reportPath: string, { paint, width }: Page): string[] {
  const nameWidth = Math.max(0, ...results.machines.map((machine) => cells(machine.name)));
  const machines = results.machines.map((machine) => {
    const { verdict, ended, stages, controls, counts } = machine;
    const parts = OUTCOMES.filter((outcome) => outcome !== 'pass' && counts[outcome] > 0).map(
      (outcome) => `${counts[outcome]} ${OUTCOME_COUNTED[outcome]}`,
    );
    const took = duration(stages.reduce((sum, stage) => sum + (stage.ms ?? 0), 0));
    const said = [
      `${counts.pass} of ${controls.length} passed`,
      ...parts,
      ...(ended === 'completed' ? [] : [ENDED_WORDS[ended]]),
      took,
    ];
    return `${fit(machine.name, nameWidth)}  ${paint(VERDICT_STYLES[verdict], fit(VERDICT_WORDS[verdict], 16))} ${said.join(', ')}`;
  });
  const { waived } = results.counts;
  return [
    ...machines,
    '',
    `${paint('bold', paint(VERDICT_STYLES[results.verdict], VERDICT_WORDS[results.verdict]))}, exit code ${results.exitCode}${waived > 0 ? `, ${waived} waived` : ''}, ${duration(results.ms)}`,
    ...(results.lab
      ? wrap(`${LAB_TITLE}. ${LAB_EXPLANATION}`, width).map((line) => paint('yellow', line))
      : []),
    `Report: ${reportPath}`,
  ];
}
