import type { MachineResult, Results, StageResult } from '../model.ts';
import { duration, instant, valueText } from '../text.ts';
import { osTitle, STAGE_WORDS } from '../words.ts';
import { html, type Html } from './template.ts';

/** How long each stage took, on one scale for all machines. */
export function stages(results: Results): Html {
  const start = Date.parse(results.startedAt);
  const total = Math.max(1, results.ms, Date.parse(results.endedAt) - start);
  return html`<section id="stages">
    <h2>Stages</h2>
    <div class="timelines">
      ${results.machines.map(
        (machine) =>
          html`<article>
            <h3>${osTitle(machine.os)} <small>${machine.name}</small></h3>
            <ol class="timeline">
              ${machine.stages.map((stage) => stageRow(stage, start, total))}
            </ol>
          </article>`,
      )}
    </div>
  </section>`;
}

function stageRow(stage: StageResult, start: number, total: number): Html {
  const from = stage.startedAt === null ? 0 : ((Date.parse(stage.startedAt) - start) / total) * 1000;
  const width = ((stage.ms ?? 0) / total) * 1000;
  const said = stage.title === stage.name ? null : stage.title;
  return html`<li class="${stage.state}">
    <span class="stage" ${said !== null && html`title="${said}"`}>${stage.name}</span>
    <svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="1000" height="10" />
      ${
        stage.startedAt !== null &&
        html`<rect
          class="time"
          x="${from.toFixed(1)}"
          width="${Math.max(6, width).toFixed(1)}"
          height="10"
        />`
      }
    </svg>
    <span class="ms"
      >${stage.ms === null ? '' : duration(stage.ms)}${stage.state !== 'ok' && ` ${STAGE_WORDS[stage.state]}`}</span
    >
  </li>`;
}

/** What was run, with what, and what was learnt on the way. */
export const runDetails = (results: Results): Html =>
  html`<section id="run">
    <h2>The run</h2>
    <div class="facts">
      ${table('Run', [
        ['run', results.run],
        ['started', `${instant(results.startedAt)} UTC`],
        ['ended', `${instant(results.endedAt)} UTC`],
        ['took', duration(results.ms)],
        ['arguments', results.arguments.join(' ')],
        ['exit code', results.exitCode],
        ['lab', results.lab ? 'yes: not a sign-off' : 'no'],
        ['may be signed', results.signOff ? 'yes' : 'no'],
      ])}
      ${table('Package', [
        ['file', results.package.path],
        ['SHA-256', results.package.sha256],
      ])}
      ${table('Versions', Object.entries(results.versions))}
      ${results.machines.map((machine) => machineFacts(machine))}
    </div>
  </section>`;

const machineFacts = (machine: MachineResult): Html =>
  table(`${osTitle(machine.os)} (${machine.name})`, [
    ['provider', machine.provider],
    ...machine.facts.map(({ name, value }) => [name, inLines(value)] as const),
  ]);

/** A fact for the eye: a list as lines, an object as a line for each of its values. */
function inLines(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => valueText(inLines(item))).join('\n');
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value)
    .map(([key, part]) => `${key}: ${valueText(part)}`)
    .join('\n');
}

const table = (title: string, rows: readonly (readonly [string, unknown])[]): Html =>
  html`<article>
    <h3>${title}</h3>
    <dl>
      ${rows.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${valueText(value)}</dd>
          </div>`,
      )}
    </dl>
  </article>`;
