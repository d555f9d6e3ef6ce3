import type { MachineResult, Results, TimelineResult } from '../model.ts';
import { difference, duration } from '../text.ts';
import { clockWords, delayWords, osTitle, timelineWords } from '../words.ts';
import { icon } from './icons.ts';
import { isEarlier, ladder, LONGEST, steps, type Line, type Link } from './ladder.ts';
import { html, type Html } from './template.ts';

type Entry = NonNullable<Line['entry']>;

/** The actions at the console beside the entries of the audit log, on one time line for each machine. */
export function trail(results: Results): Html | false {
  const told = results.machines.flatMap((machine) =>
    machine.timeline ? [{ machine, timeline: machine.timeline }] : [],
  );
  if (told.length === 0) return false;
  return html`<section id="trail">
    <h2>What was done, and what the tenant wrote down</h2>
    <p class="note">
      Time runs downwards, by the tenant's clock; long waits are drawn shorter. Choose an entry to see all of
      it.
    </p>
    ${told.map(({ machine, timeline }, i) => machineTrail(machine, timeline, i === 0))}
  </section>`;
}

function machineTrail(machine: MachineResult, timeline: TimelineResult, first: boolean): Html {
  const { word, look } = timelineWords(timeline);
  const strangers = timeline.rows.filter((row) => row.unexplained).length;
  // What is not as it should be is open from the start.
  return html`<details class="trail" ${(first || strangers > 0 || look !== 'pass') && html`open`}>
    <summary>
      <h3>${osTitle(machine.os)} <small>${machine.name}</small></h3>
      <span class="verdict ${look}">${icon(look)} <b>${word}</b></span>
      <span>${delayWords(timeline)}</span>
      ${strangers > 0 && html`<span class="strange">${entries(strangers)} of somebody else</span>`}
    </summary>
    <div class="said">
      <p>${timeline.reason}</p>
      <p class="small">${clockWords(timeline)} User: ${timeline.user}.</p>
      ${timeline.rows.length === 0 ? html`<p>Nothing was done, and nothing was written down.</p>` : drawing(machine, timeline)}
    </div>
  </details>`;
}

const entries = (count: number, more = ''): string => `${count} ${more}${count === 1 ? 'entry' : 'entries'}`;

/** `12 earlier entries`, `30 more entries of somebody else`, or both. */
function foldedWords(folded: readonly Line[]): string {
  const earlier = folded.filter(({ row }) => isEarlier(row)).length;
  const strangers = folded.length - earlier;
  return [
    ...(earlier > 0 ? [entries(earlier, 'earlier ')] : []),
    ...(strangers > 0 ? [`${entries(strangers, 'more ')} of somebody else`] : []),
  ].join(' and ');
}

function drawing(machine: MachineResult, timeline: TimelineResult): Html {
  const { lines, links } = ladder(timeline.rows);
  const drawn = { lines, links, places: placesOf(lines) };
  const folded = lines.filter((line) => line.folded);
  return html`${
      folded.length > 0 &&
      html`<label class="unfold"><input type="checkbox" /> Show ${foldedWords(folded)}</label>`
    }
    <table>
      <caption class="hidden">
        ${machine.name}: actions and entries in the order of the tenant's clock
      </caption>
      <thead>
        <tr>
          <th scope="col">Done at the console</th>
          <th scope="col"><span class="hidden">Difference</span></th>
          <th scope="col">Written down by the tenant</th>
        </tr>
      </thead>
      <tbody>
        ${lines.map((line, i) => [foldedRun(drawn, i), lineRow(drawn, line, i)])}
      </tbody>
    </table>`;
}

/** From the top of a line's content to the middle of its dots, and a step of time, in pixels. */
const DOT = 13;
const STEP = 6;
/** By how many steps a line, its entry (`l`) or its action (`e`) is moved down, by class: a page has no styles in its markup. */
export const trailStyle = [
  `.trail{--dot:${DOT}px}`,
  ...Array.from({ length: LONGEST }, (_, i) => {
    const px = `${(i + 1) * STEP}px`;
    return `.g${i + 1}{--gap:${px}}.l${i + 1}{--late:${px}}.e${i + 1}{--early:${px}}`;
  }),
].join('\n');

/** Usual heights of a line, in pixels. Only how straight a stroke over several lines is depends on them. */
const WITH_ENTRY = 46;
const WITHOUT_ENTRY = 32;

/** Where a line would be if all were of their usual height, in pixels from the top. */
interface Place {
  readonly top: number;
  readonly dot: number;
  readonly bottom: number;
}

interface Ladder {
  readonly lines: readonly Line[];
  readonly links: readonly Link[];
  readonly places: readonly Place[];
}

function placesOf(lines: readonly Line[]): Place[] {
  let bottom = 0;
  return lines.map(({ entry, gapMs, laterMs }) => {
    const top = bottom;
    const gap = steps(gapMs) * STEP;
    bottom += gap + steps(Math.abs(laterMs)) * STEP + (entry ? WITH_ENTRY : WITHOUT_ENTRY);
    return { top, dot: top + gap + DOT, bottom };
  });
}

/** In place of the lines that are not shown, where a run of them begins. */
function foldedRun(drawn: Ladder, from: number): Html | false {
  const { lines } = drawn;
  if (lines[from]?.folded !== true || lines[from - 1]?.folded === true) return false;
  const shown = lines.findIndex((line, i) => i > from && !line.folded);
  const to = shown < 0 ? lines.length : shown;
  const folded = lines.slice(from, to);
  const ms = folded.reduce((sum, { gapMs, laterMs }) => sum + gapMs + Math.abs(laterMs), 0);
  return html`<tr class="fold">
    <td></td>
    <td class="band">${strokes(crossing(drawn, from, to - 1))}</td>
    <td>${foldedWords(folded)}, in ${duration(ms)}</td>
  </tr>`;
}

function lineRow(drawn: Ladder, line: Line, i: number): Html {
  const { row, action, entry, gapMs, laterMs } = line;
  const gap = steps(gapMs);
  const late = steps(Math.abs(laterMs)) * Math.sign(laterMs);
  const top = DOT + gap * STEP;
  const names = [
    `g${gap}`,
    late > 0 && `l${late}`,
    late < 0 && `e${-late}`,
    row.unexplained && 'foreign',
    isEarlier(row) && 'earlier',
    line.folded && 'more',
  ];
  const pair = action &&
    entry && { from: top + Math.max(0, -late) * STEP, to: top + Math.max(0, late) * STEP };
  return html`<tr class="${names.filter((name) => name !== false).join(' ')}">
    <td class="did">${actionCell(line)}</td>
    <td class="band">
      ${strokes([
        ...(pair ? [{ x1: 0, y1: `${pair.from}`, x2: 100, y2: `${pair.to}` }] : []),
        ...crossing(drawn, i, i),
      ])}
      ${gapMs >= 1000 && html`<span class="gap${gap === LONGEST && ' cut'}">${duration(gapMs)}<span class="hidden"> later</span></span>`}
      ${entry && row.differenceMs !== null && html`<b class="after">${difference(row.differenceMs)}</b>`}
    </td>
    <td class="wrote">${entryCell(line)}</td>
  </tr>`;
}

function actionCell({ row, action, entry, apart }: Line): Html {
  if (action) return html`<span class="what">${action.what}</span>${time(action.tenantAt)}`;
  // The counterpart stands on a line above or below, and a stroke leads to it: said for those who don't see it.
  if (apart) return html`<span class="hidden">of: ${row.action?.what}</span>`;
  // The portal also writes down what nobody did: what it showed, and what it made of an answer.
  return html`<i>${entry && causeWords(row)}</i>`;
}

const causeWords = (row: Line['row']): string =>
  row.own ? 'follows by itself' : isEarlier(row) ? 'before the click' : 'no action of ours';

function entryCell({ row, entry, apart }: Line): Html {
  if (!entry && apart) return html`<span class="hidden">its entry has a line of its own</span>`;
  if (!entry) return html`<i>no entry</i>`;
  const { reason, activity, result } = entry;
  const failed = result.toLowerCase() !== 'success';
  return html`<details>
    <summary>
      ${time(entry.at)}${!row.own && html`<b class="whose">${isEarlier(row) ? 'earlier' : 'somebody else'}</b>`}
      <span class="what">${reason === '' ? activity : reason}</span>
      <small
        >${reason !== '' && html`<span class="activity">${activity}, </span>`}<span
          class="${failed && 'failed'}"
          >${result}</span
        ></small
      >
    </summary>
    <dl>
      ${detailsOf(entry).map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </details>`;
}

const detailsOf = (entry: Entry): readonly (readonly [string, string])[] => [
  ['activity', entry.activity],
  ['correlation id', entry.correlationId],
  ['address', entry.ipAddress],
  ['ClientType', entry.clientType ?? 'not given'],
  ['first seen', `${clock(entry.seenAt)} by this host's clock`],
  ['id', entry.id],
];

const time = (iso: string): Html => html`<time datetime="${iso}">${clock(iso)}</time>`;

/** `09:30:05.123` */
const clock = (iso: string): string => iso.slice(11, 23).replace('Z', '');

interface Stroke {
  /** Per cent of the way from the actions to the entries. */
  readonly x1: number;
  readonly x2: number;
  readonly y1: string;
  readonly y2: string;
}

/** The parts of the strokes between lines, as far as they cross the lines from `first` to `last`. */
const crossing = ({ links, places }: Ladder, first: number, last: number): Stroke[] =>
  links.flatMap(({ action, entry }): Stroke[] => {
    const [top, bottom] = [Math.min(action, entry), Math.max(action, entry)];
    const [from, to] = [places[Math.max(first, top)], places[Math.min(last, bottom)]];
    const [start, end] = [places[top]?.dot ?? 0, places[bottom]?.dot ?? 0];
    if (top === bottom || last < top || first > bottom || !from || !to) return [];
    const across = (y: number): number => {
      const part = ((y - start) / (end - start)) * 100;
      return action < entry ? part : 100 - part;
    };
    return [
      {
        x1: across(first > top ? from.top : start),
        y1: first > top ? '0' : `${start - from.top}`,
        x2: across(last < bottom ? to.bottom : end),
        y2: last < bottom ? '100%' : `${end - to.top}`,
      },
    ];
  });

const strokes = (all: readonly Stroke[]): Html | false =>
  all.length > 0 &&
  html`<svg aria-hidden="true">
    ${all.map(
      ({ x1, y1, x2, y2 }) =>
        html`<line x1="${x1.toFixed(1)}%" y1="${y1}" x2="${x2.toFixed(1)}%" y2="${y2}" />`,
    )}
  </svg>`;
