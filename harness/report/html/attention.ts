import type { Outcome } from '../../core/outcome.ts';
import { findingsOf, type Finding, type Findings } from '../findings.ts';
import type { ControlResult, Results } from '../model.ts';
import { plural } from '../text.ts';
import { icon } from './icons.ts';
import { compared, fragment, remedy } from './parts.ts';
import { html, type Html } from './template.ts';

/** What somebody has to do something about: what is not met first, then what nobody knows. */
export function attention(results: Results): Html {
  const { failed, unknown, odd, faults } = findingsOf(results);
  const nothing = [failed, unknown, odd, faults].every((list) => list.length === 0);
  return html`<section id="attention">
    <h2>What needs attention</h2>
    ${nothing && html`<p class="all-well">${icon('pass')} Nothing ${results.counts.waived > 0 && 'else '}was found that is not met.</p>`}
    ${failed.length > 0 && group('Not met', 'fail', failed.map(findingCard))}
    ${
      unknown.length + faults.length > 0 &&
      group('Could not be checked', 'error', [
        html`<p class="note">
          This says nothing about the machine, good or bad. Remove the cause and run it again.
        </p>`,
        ...faults.map(faultCard),
        ...unknown.map(findingCard),
      ])
    }
    ${odd.length > 0 && group('Passed only in the end', 'flaky', odd.map(findingCard))}
  </section>`;
}

const group = (title: string, look: Outcome | 'flaky', content: readonly Html[]): Html =>
  html`<div class="findings">
    <h3 class="${look}">${icon(look)} ${title}</h3>
    ${content}
  </div>`;

function findingCard({ first, controls, machines, severity }: Finding): Html {
  const { outcome, flaky, blame, attempts } = first;
  return html`<article class="finding ${outcome}">
    <h4>${controls.length === 1 ? link(first) : plural(controls.length, 'control')}</h4>
    <p class="tags">
      ${machines.map((name) => html`<span>${name}</span>`)}
      <span>${severity}</span>
      ${flaky && html`<span>flaky: ${attempts.map((attempt) => attempt.outcome).join(', then ')}</span>`}
      ${outcome === 'error' && blame !== null && html`<span>to act: ${blame}</span>`}
    </p>
    <p>${first.summary}</p>
    ${outcome === 'fail' && compared(first)}
    ${(outcome === 'fail' || outcome === 'error') && remedy(first.remediation)}
    ${
      controls.length > 1 &&
      html`<ul class="together">
        ${controls.map((control) => html`<li>${link(control)}</li>`)}
      </ul>`
    }
  </article>`;
}

const faultCard = (fault: Findings['faults'][number]): Html =>
  html`<article class="finding error">
    <h4>${fault.message}</h4>
    <p class="tags">
      <span>${fault.machine}</span><span>stage ${fault.stage}</span><span>to act: ${fault.blame}</span>
    </p>
    ${remedy(fault.remedy)}
  </article>`;

const link = (control: ControlResult): Html => html`<a href="#${fragment(control.id)}">${control.title}</a>`;
