import { OUTCOMES, type Outcome } from '../../core/outcome.ts';
import type { MachineResult, Results, RunVerdict } from '../model.ts';
import { duration, instant, plural } from '../text.ts';
import {
  ENDED_WORDS,
  LAB_EXPLANATION,
  LAB_TITLE,
  OUTCOME_COUNTED,
  osTitle,
  VERDICT_WORDS,
} from '../words.ts';
import { icon } from './icons.ts';
import { html, type Html } from './template.ts';

const VERDICT_ICON: Readonly<Record<RunVerdict, Outcome>> = {
  compliant: 'pass',
  notCompliant: 'fail',
  couldNotCheck: 'error',
  interrupted: 'error',
};

/** What one must know when one reads nothing else. */
export const overview = (results: Results): Html => html`
  ${
    results.lab &&
    html`<div class="lab" role="note">
      <strong>${LAB_TITLE}</strong>
      <span>${LAB_EXPLANATION}</span>
    </div>`
  }
  <header class="top">
    <p class="kicker">Self-service password reset at the Windows logon screen</p>
    <h1 class="${VERDICT_ICON[results.verdict]}">
      ${icon(VERDICT_ICON[results.verdict])}<span>${VERDICT_WORDS[results.verdict]}</span>
    </h1>
    <p class="lede">${sentence(results)}</p>
    <p class="when">
      Run <b>${results.run}</b><br />
      <time datetime="${results.startedAt}">${instant(results.startedAt)}</time> UTC, took
      ${duration(results.ms)}, exit code ${results.exitCode}
    </p>
    <ul class="counts">
      ${OUTCOMES.filter(
        (outcome) => results.counts[outcome] > 0 || outcome === 'fail' || outcome === 'error',
      ).map(
        (outcome) =>
          html`<li class="${results.counts[outcome] > 0 ? outcome : 'none'}">
            ${icon(outcome)}<b>${results.counts[outcome]}</b> <span>${OUTCOME_COUNTED[outcome]}</span>
          </li>`,
      )}
    </ul>
  </header>
  <section class="machines" aria-label="Machines">${results.machines.map(machineCard)}</section>
`;

function sentence({ verdict, machines, counts }: Results): string {
  const all = plural(machines.length, 'machine');
  const of = (wanted: RunVerdict): string =>
    `${machines.filter((machine) => machine.verdict === wanted).length} of ${all}`;
  const waived =
    counts.waived > 0
      ? ` Of what is not met, ${counts.waived} ${counts.waived === 1 ? 'is' : 'are'} waived.`
      : '';
  const partly = counts.skipped > 0 ? ` As far as checked: ${plural(counts.skipped, 'check')} skipped.` : '';
  switch (verdict) {
    case 'compliant':
      return `Every control that is required is met${counts.waived > 0 ? ' or waived' : ''} on ${machines.length === 1 ? 'the machine' : `all ${all}`}.${waived}${partly}`;
    case 'notCompliant':
      return `${of('notCompliant')} not ready for the roll-out: a control that is required is not met.${
        counts.error > 0 ? ` ${plural(counts.error, 'check')} could not be made.` : ''
      }${waived}`;
    case 'couldNotCheck':
      return `Nothing was found that is not met${counts.waived > 0 ? ` beside ${counts.waived} waived` : ''}, but ${plural(counts.error, 'check')} could not be made: nothing can be said about that.`;
    case 'interrupted':
      return 'The run did not come to its end. What it had found until then is below.';
  }
}

function machineCard(machine: MachineResult): Html {
  const look = VERDICT_ICON[machine.verdict];
  const total = machine.controls.length;
  const passed = machine.counts.pass;
  return html`<article class="machine ${look}">
    <h2>${osTitle(machine.os)}</h2>
    <p class="name">${machine.name} · ${machine.provider}</p>
    <p class="verdict ${look}">${icon(look)}<b>${VERDICT_WORDS[machine.verdict]}</b></p>
    ${outcomeBar(machine)}
    <p class="small">
      ${passed} of ${total} passed${problemsOf(machine)}<br />
      ${ENDED_WORDS[machine.ended]} · ${machineTime(machine)}
    </p>
  </article>`;
}

const problemsOf = ({ counts }: MachineResult): string =>
  (['fail', 'error', 'waived'] as const)
    .filter((outcome) => counts[outcome] > 0)
    .map((outcome) => `, ${counts[outcome]} ${OUTCOME_COUNTED[outcome]}`)
    .join('');

const machineTime = (machine: MachineResult): string =>
  duration(machine.stages.reduce((sum, stage) => sum + (stage.ms ?? 0), 0));

/** All outcomes side by side, in proportion. Its words stand below it. */
function outcomeBar(machine: MachineResult): Html {
  const total = Math.max(1, machine.controls.length);
  let x = 0;
  return html`<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
    ${OUTCOMES.filter((outcome) => machine.counts[outcome] > 0).map((outcome) => {
      const width = (machine.counts[outcome] / total) * 1000;
      const rect = html`<rect
        class="${outcome}"
        x="${x.toFixed(1)}"
        width="${Math.max(0, width - 4).toFixed(1)}"
        height="10"
      />`;
      x += width;
      return rect;
    })}
  </svg>`;
}
