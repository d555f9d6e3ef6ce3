import type { Results, WaiverResult } from '../model.ts';
import { waiverFindingWord, waiverMachines, WAIVER_STATE_WORDS } from '../waivers.ts';
import { icon } from './icons.ts';
import { fragment } from './parts.ts';
import { html, type Html } from './template.ts';

/** What somebody accepts not to be met: for who signs, before anything else is read. */
export const waivers = (results: Results): Html | false =>
  results.waivers.length > 0 &&
  html`<section id="waivers">
    <h2>Waivers</h2>
    <p>What is not met, and accepted by somebody until a day. Who signs this report signs these as well.</p>
    ${results.waivers.map((waiver) => waiverCard(waiver, results))}
  </section>`;

function waiverCard(waiver: WaiverResult, { requirements }: Results): Html {
  const { control, owner, reason, expires, state, covered, findings } = waiver;
  const look = state === 'used' ? 'waived' : 'skipped';
  const requirement = requirements.find(({ id }) => id === control);
  return html`<article class="waiver ${state}">
    <h3 class="${look}">
      ${icon(look)}<span
        >${requirement ? html`<a href="#${fragment(control)}">${requirement.title}</a>` : control}
        <small>${control}</small></span
      >
    </h3>
    <p class="tags">
      <span class="state">${WAIVER_STATE_WORDS[state]}</span>
      ${requirement && html`<span>${requirement.severity}</span>`}
    </p>
    <dl>
      ${(
        [
          ['Owner', owner],
          ['Reason', reason],
          ['Until', `${expires}, UTC`],
          ['Machines', waiverMachines(waiver)],
          ['Covered', covered.length > 0 ? `not met on ${covered.join(', ')}` : 'nothing in this run'],
        ] as const
      ).map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    ${
      findings.length > 0 &&
      html`<ul class="doubts">
        ${findings.map(
          ({ kind, says, remedy }) =>
            html`<li><b>${waiverFindingWord(kind)}</b> ${says} <span>${remedy}</span></li>`,
        )}
      </ul>`
    }
  </article>`;
}
