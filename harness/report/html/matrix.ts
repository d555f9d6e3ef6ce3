import { STATEMENTS } from '../../../specs/controls/english-document.ts';
import type { ControlResult, EvidenceResult, MachineResult, Requirement, Results } from '../model.ts';
import { duration, instant, plain, valueText } from '../text.ts';
import { familyTitle, OBSERVATION_WORDS, osTitle, OUTCOME_WORDS } from '../words.ts';
import { icon } from './icons.ts';
import { compared, remedy } from './parts.ts';
import { html, type Html } from './template.ts';

interface Row {
  readonly requirement: Requirement;
  readonly cells: readonly { readonly machine: MachineResult; readonly control: ControlResult }[];
}

/** What the rows can be narrowed down to. The style sheet does the hiding, by these class names. */
const FILTERS = [
  { name: 'all', label: 'All', holds: () => true },
  { name: 'failed', label: 'Not met', holds: (control: ControlResult) => control.outcome === 'fail' },
  { name: 'unknown', label: 'Not checked', holds: (control: ControlResult) => control.outcome === 'error' },
  {
    name: 'other',
    label: 'Skipped, waived, flaky',
    holds: (control: ControlResult) => control.flaky || ['skipped', 'waived'].includes(control.outcome),
  },
] as const;

/** Every machine against every planned control. A row opens to say why. */
export function matrix(results: Results): Html {
  const rows = rowsOf(results);
  const families = [...new Set(rows.map((row) => row.requirement.family))];
  return html`<section id="matrix">
    <h2>Every control on every machine</h2>
    <p class="note">Choose a row to see its evidence.</p>
    <fieldset class="filter">
      <legend class="hidden">Show</legend>
      ${FILTERS.map(
        ({ name, label }, i) =>
          html`<input type="radio" name="filter" id="filter-${name}" ${i === 0 && html`checked`} /><label
              for="filter-${name}"
              >${label} <b>${rows.filter((row) => classes(row).includes(name)).length}</b></label
            >`,
      )}
    </fieldset>
    <div class="matrix">
      <div class="columns" aria-hidden="true">
        <span></span>
        ${results.machines.map(
          (machine) => html`<span><b>${machine.name}</b><small>${osTitle(machine.os)}</small></span>`,
        )}
      </div>
      ${families.map((family) => familyRows(family, rows))}
    </div>
  </section>`;
}

const rowsOf = ({ requirements, machines }: Results): Row[] =>
  requirements.map((requirement) => ({
    requirement,
    cells: machines.flatMap((machine) =>
      machine.controls
        .filter((control) => control.id === requirement.id)
        .map((control) => ({ machine, control })),
    ),
  }));

const classes = ({ cells }: Row): string[] =>
  FILTERS.filter(({ holds }) => cells.some(({ control }) => holds(control))).map(({ name }) => name);

function familyRows(family: string, all: readonly Row[]): Html {
  const rows = all.filter((row) => row.requirement.family === family);
  const cells = rows.flatMap((row) => row.cells);
  const passed = cells.filter(({ control }) => control.outcome === 'pass').length;
  return html`<section class="family">
    <h3>${familyTitle(family)} <small>${passed} of ${cells.length} passed</small></h3>
    ${rows.map(matrixRow)}
  </section>`;
}

const matrixRow = (row: Row): Html =>
  html`<details class="row ${classes(row).join(' ')}" id="control-${row.requirement.id}">
    <summary>
      <span class="title">${row.requirement.title} <small>${row.requirement.id}</small></span>
      ${row.cells.map(
        ({ machine, control }) =>
          html`<span class="cell ${control.outcome}"
            ><span class="of">${machine.name}</span>${icon(control.outcome)}<span class="word"
              >${OUTCOME_WORDS[control.outcome].word}</span
            >${control.waiver && html`<span class="by">by ${control.waiver.owner}</span>`}${
              control.flaky && html`<span class="flaky">${icon('flaky')}<span>flaky</span></span>`
            }</span
          >`,
      )}
    </summary>
    <div class="open">
      ${about(row.requirement)}
      <div class="verdicts">${row.cells.map(({ machine, control }) => verdict(machine, control))}</div>
    </div>
  </details>`;

const about = (requirement: Requirement): Html =>
  html`<div class="about">
    <p>${requirement.rationale}</p>
    ${STATEMENTS.filter(({ controls }) => controls.includes(requirement.id)).map(
      ({ lines: [first, last], says }) =>
        html`<blockquote>
          ${says}
          <small>English document, ${first === last ? `line ${first}` : `lines ${first}-${last}`}</small>
        </blockquote>`,
    )}
    <p class="tags">
      <span>${requirement.severity}</span>
      ${requirement.stage !== '' && html`<span>stage ${requirement.stage}</span>`}
      ${requirement.observed.length > 0 && html`<span>${observedIn(requirement)}</span>`}
      ${requirement.source !== '' && html`<span>${requirement.source}</span>`}
    </p>
  </div>`;

const verdict = (machine: MachineResult, control: ControlResult): Html =>
  html`<article class="judged ${control.outcome}">
    <h4>
      ${icon(control.outcome)}<span>${osTitle(machine.os)}: ${OUTCOME_WORDS[control.outcome].word}</span>
    </h4>
    <p>${control.summary}</p>
    ${
      control.waiver &&
      html`<p class="consent">
        <b>Waived by ${control.waiver.owner} until ${control.waiver.expires}</b> ${control.waiver.reason}
      </p>`
    }
    ${compared(control)}
    ${control.outcome !== 'pass' && control.outcome !== 'notApplicable' && remedy(control.remediation)}
    ${control.outcome === 'error' && control.blame !== null && html`<p class="small">To act: ${control.blame}</p>`}
    ${control.attempts.length > 0 && attempts(control)}
    ${
      control.evidence.length > 0 &&
      html`<ul class="evidence">
        ${control.evidence.map(evidenceItem)}
      </ul>`
    }
  </article>`;

const attempts = ({ attempts: all, flaky }: ControlResult): Html =>
  html`<ol class="attempts${flaky && ' uneven'}">
    ${all.map(
      (attempt) =>
        html`<li>
          <time datetime="${attempt.at}">${instant(attempt.at).slice(11)}</time>
          ${OUTCOME_WORDS[attempt.outcome].word},
          ${duration(attempt.ms)}${all.length > 1 && `: ${attempt.summary}`}
        </li>`,
    )}
  </ol>`;

/** `observed in the registry and on the wire` */
const observedIn = ({ observed }: Requirement): string =>
  `observed ${observed.map((where) => OBSERVATION_WORDS[where]).join(' and ')}`;

/** Longer values are cut in the page; results.json holds them whole. */
const LONGEST = 4000;

function evidenceItem(evidence: EvidenceResult): Html {
  if (evidence.kind === 'file') {
    return html`<li>
      <a href="${relativeLink(evidence.path)}">${evidence.name}</a>
      <small class="hash">SHA-256 ${evidence.sha256}</small>
    </li>`;
  }
  const text = valueText(evidence.value);
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}\n... (the rest is in results.json)` : text;
  return html`<li>
    <span>${evidence.name}</span>
    <pre>${shown}</pre>
  </li>`;
}

/** A path below the run's folder as a link; whatever it says, it can't become another scheme or host. */
export const relativeLink = (path: string): string =>
  './' + plain(path).split(/[\\/]/).map(encodeURIComponent).join('/');
