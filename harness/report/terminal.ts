import type { Recorded } from '../core/journal.ts';
import type { Outcome } from '../core/outcome.ts';
import { cut, fit, OUTCOME_STYLES, painter, type Paint } from './ansi.ts';
import { oneLine } from './text.ts';
import { covering, type Covering, waive } from './waivers.ts';
import { ENDED_WORDS, LAB_TITLE, OUTCOME_WORDS } from './words.ts';

export interface TerminalOptions {
  /** Where to write. With `isTTY` the lines are redrawn in place, else each event is a line of its own. */
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  /** Overrides the width of the stream, in cells. */
  readonly columns?: number;
  readonly color: boolean;
}

/** The live view of a run. Feed it each event as it is recorded. */
export interface Terminal {
  event(event: Recorded): void;
  /** Leaves the last state on the screen and stops redrawing. */
  close(): void;
}

export function openTerminal(options: TerminalOptions): Terminal {
  const terminal = options.stream.isTTY === true ? liveTerminal(options) : plainTerminal(options);
  let covers: Covering = () => undefined;
  return {
    event: (event) => {
      if (event.type === 'run-started') covers = covering(event.plan.waivers ?? [], event.at);
      terminal.event(event.type === 'control' ? waive(event, covers(event.control, event.machine)) : event);
    },
    close: () => terminal.close(),
  };
}

/** For logs: one line for each stage and each control, with the name of its machine. */
function plainTerminal({ stream, color }: TerminalOptions): Terminal {
  const paint = painter(color);
  return {
    event: (event) => {
      const line = lineOf(event, paint);
      if (line !== null) stream.write(`${line}\n`);
    },
    close: () => undefined,
  };
}

/** How an event reads as a line of a log; `null` for what only the live view shows. */
function lineOf(event: Recorded, paint: Paint): string | null {
  switch (event.type) {
    case 'run-started':
      return `Run ${event.run}${event.plan.lab ? `: ${LAB_TITLE}` : ''}`;
    case 'stage-started':
      return `[${event.machine}] stage ${event.stage}: ${oneLine(event.title)}`;
    case 'stage-ended':
      // Waivers may cover all of them: that is said of each control.
      return `[${event.machine}] stage ${event.stage} ${event.ok ? 'done' : 'ended with failures'} after ${(event.ms / 1000).toFixed(1)} s`;
    case 'control':
      return `[${event.machine}] ${paint(OUTCOME_STYLES[event.outcome], OUTCOME_WORDS[event.outcome].word)} ${event.control}: ${oneLine(event.summary)}`;
    case 'fault':
      return `[${event.machine}] ${paint('magenta', 'fault')} in stage ${event.stage} (${event.blame}): ${oneLine(event.message)} ${oneLine(event.remedy)}`;
    case 'machine-ended':
      return `[${event.machine}] ${ENDED_WORDS[event.how]}`;
    case 'run-ended':
      return `Run ended with exit code ${event.exitCode}`;
    case 'fact':
      // Which test user a machine has is told at once; the other facts are for the reports.
      return event.name === 'account'
        ? `[${event.machine}] resets the password of ${oneLine(String(event.value))}`
        : null;
    case 'machine-started':
    case 'step':
    case 'frame':
    case 'timeline':
      return null;
  }
}

/** What the live view knows of a machine. */
interface Progress {
  readonly name: string;
  readonly stages: readonly string[];
  stage: string;
  /** Stages that have ended. */
  done: number;
  doing: string;
  /** The last outcome of each control. */
  readonly outcomes: Map<string, Outcome>;
  startedAt: number | null;
  endedAt: number | null;
}

/** For people: a line for each machine, redrawn in place; what needs attention stays above it. */
function liveTerminal({ stream, columns, color }: TerminalOptions): Terminal {
  const paint = painter(color);
  const machines = new Map<string, Progress>();
  let drawn = 0;

  const draw = (above: readonly string[] = []): void => {
    const width = columns ?? stream.columns ?? 80;
    const nameWidth = Math.max(0, ...[...machines.keys()].map((name) => name.length));
    const lines = [...machines.values()].map((machine) => machineLine(machine, nameWidth, width, paint));
    // One cell is left free: a full line makes some terminals wrap.
    const back = drawn === 0 ? '' : `\u001b[${drawn}A\r\u001b[J`;
    stream.write(back + [...above.map((line) => `${line}\n`), ...lines.map((line) => `${line}\n`)].join(''));
    drawn = lines.length;
  };

  const ticking = setInterval(() => draw(), 1000);
  ticking.unref();
  return {
    event: (event) => {
      follow(machines, event);
      draw(worthKeeping(event) ? [lineOf(event, paint) ?? ''] : []);
    },
    close: () => {
      clearInterval(ticking);
      draw();
    },
  };
}

const worthKeeping = (event: Recorded): boolean =>
  event.type === 'run-started' ||
  event.type === 'fault' ||
  (event.type === 'fact' && event.name === 'account') ||
  (event.type === 'control' && (event.outcome === 'fail' || event.outcome === 'error'));

function follow(machines: Map<string, Progress>, event: Recorded): void {
  if (event.type === 'run-started') {
    for (const { name, stages } of event.plan.machines) {
      machines.set(name, {
        name,
        stages,
        stage: '',
        done: 0,
        doing: 'waits',
        outcomes: new Map(),
        startedAt: null,
        endedAt: null,
      });
    }
  }
  if (!('machine' in event)) return;
  const machine = machines.get(event.machine);
  if (!machine) return;
  switch (event.type) {
    case 'machine-started':
      machine.startedAt = Date.parse(event.at);
      machine.doing = 'starts';
      break;
    case 'stage-started':
      machine.stage = event.stage;
      machine.doing = event.title;
      break;
    case 'stage-ended':
      machine.done = Math.max(machine.done, machine.stages.indexOf(event.stage) + 1);
      break;
    case 'step':
      machine.doing = event.text;
      break;
    case 'control':
      machine.outcomes.set(event.control, event.outcome);
      break;
    case 'machine-ended':
      machine.endedAt = Date.parse(event.at);
      machine.doing = ENDED_WORDS[event.how];
      break;
    case 'frame':
    case 'fact':
    case 'fault':
    case 'timeline':
      break;
  }
}

const BAR = 12;
const SHOWN: readonly Outcome[] = ['pass', 'fail', 'error'];

function machineLine(machine: Progress, nameWidth: number, width: number, paint: Paint): string {
  const total = Math.max(1, machine.stages.length);
  const filled = Math.round((machine.done / total) * BAR);
  const tally = SHOWN.map((outcome) => {
    const count = [...machine.outcomes.values()].filter((other) => other === outcome).length;
    return { outcome, count, text: `${OUTCOME_WORDS[outcome].symbol} ${String(count).padEnd(3)}` };
  });
  const left = `${fit(machine.name, nameWidth)} `;
  const bar =
    width < 60 ? '' : `${paint('green', '━'.repeat(filled))}${paint('grey', '─'.repeat(BAR - filled))} `;
  const right = ` ${tally.map((entry) => entry.text).join(' ')} ${clock(machine)}`;
  const room = width - 1 - left.length - (bar === '' ? 0 : BAR + 1) - right.length;
  const coloured = tally.map((entry) =>
    entry.count > 0 ? paint(OUTCOME_STYLES[entry.outcome], entry.text) : paint('grey', entry.text),
  );
  const stageWidth = Math.min(10, Math.max(0, room - 8));
  const middle = `${paint('bold', fit(machine.stage, stageWidth))} ${fit(machine.doing, Math.max(0, room - stageWidth - 1))}`;
  return room < 12
    ? cut(`${left}${machine.stage} ${tally.map((entry) => entry.text.trim()).join(' ')}`, width - 1)
    : `${paint('bold', left)}${bar}${middle} ${coloured.join(' ')} ${clock(machine)}`;
}

/** `  1:05` minutes and seconds since the machine was started. */
function clock({ startedAt, endedAt }: Progress): string {
  if (startedAt === null) return '     ';
  const seconds = Math.max(0, Math.floor(((endedAt ?? Date.now()) - startedAt) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`.padStart(5);
}
