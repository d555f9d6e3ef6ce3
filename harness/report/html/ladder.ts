import type { TimelineResult } from '../model.ts';

type Row = TimelineResult['rows'][number];

/** One line of the drawing: an action, an entry, or a pair between which nothing else happened. */
export interface Line {
  readonly row: Row;
  readonly action: Row['action'];
  readonly entry: Row['entry'];
  /** The counterpart stands on another line, because something else happened in between. */
  readonly apart: boolean;
  /** Milliseconds since all that stands above. */
  readonly gapMs: number;
  /** Milliseconds from the action of this line to its entry; 0 when it has one of them only. */
  readonly laterMs: number;
  /** Long before the click, or one of very many entries of somebody else: not shown at first. */
  readonly folded: boolean;
}

/** A pair, by the numbers of the lines on which its action and its entry stand. */
export interface Link {
  readonly action: number;
  readonly entry: number;
}

/** So many entries of somebody else, and so many from just before the click, are shown at once. */
const STRANGERS = 100;
const EARLIER = 3;

/** Whether an entry is from before the click. */
export const isEarlier = ({ own, unexplained }: Row): boolean => !own && !unexplained;

/**
 * The rows of a time line as lines in the order of the tenant's clock: every action and every entry stands on exactly one
 * of them, and a pair on the same one if it can. An instant that can't be read counts as that of what came before it.
 */
export function ladder(rows: TimelineResult['rows']): { lines: readonly Line[]; links: readonly Link[] } {
  const marks = marksOf(rows).sort((a, b) => a.at - b.at);
  const groups: [Mark, ...Mark[]][] = [];
  for (const mark of marks) {
    const last = groups.at(-1);
    if (last?.length === 1 && last[0].row === mark.row) last.push(mark);
    else groups.push([mark]);
  }
  let before: number | undefined;
  let strangers = 0;
  let earlier = groups.filter(([{ row }]) => isEarlier(row)).length;
  const lines = groups.map((group): Line => {
    const { row } = group[0];
    const at = (side: Mark['side']): number | undefined => group.find((mark) => mark.side === side)?.at;
    const [action, entry] = [at('action'), at('entry')];
    const times = group.map((mark) => mark.at);
    const gapMs = Math.min(...times) - (before ?? Math.min(...times));
    before = Math.max(...times);
    return {
      row,
      action: action === undefined ? null : row.action,
      entry: entry === undefined ? null : row.entry,
      apart: row.action !== null && row.entry !== null && group.length === 1,
      gapMs,
      laterMs: action === undefined || entry === undefined ? 0 : entry - action,
      folded: isEarlier(row) ? --earlier >= EARLIER : row.unexplained && ++strangers > STRANGERS,
    };
  });
  const links = rows
    .filter((row) => row.action && row.entry)
    .map((row) => ({
      action: lines.findIndex((line) => line.row === row && line.action !== null),
      entry: lines.findIndex((line) => line.row === row && line.entry !== null),
    }));
  return { lines, links };
}

interface Mark {
  readonly row: Row;
  readonly side: 'action' | 'entry';
  /** Milliseconds since 1970 by the tenant's clock. */
  readonly at: number;
}

function marksOf(rows: readonly Row[]): Mark[] {
  let last = 0;
  const when = (iso: string): number => {
    const at = Date.parse(iso);
    return Number.isNaN(at) ? last : (last = at);
  };
  return rows.flatMap((row): Mark[] => [
    ...(row.action ? [{ row, side: 'action' as const, at: when(row.action.tenantAt) }] : []),
    ...(row.entry ? [{ row, side: 'entry' as const, at: when(row.entry.at) }] : []),
  ]);
}

/** The longest distance on paper, in steps. */
export const LONGEST = 8;

/**
 * How far apart two instants are drawn, in steps: from a quarter of a second on, each doubling is one more, so that
 * both milliseconds and minutes can be seen; half a minute and all above are drawn alike.
 */
export const steps = (ms: number): number =>
  ms < 250 ? 0 : Math.min(LONGEST, 1 + Math.floor(Math.log2(ms / 250)));
