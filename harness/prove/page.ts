import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { icon, iconSheet } from '../report/html/icons.ts';
import { html, type Html, trusted } from '../report/html/template.ts';
import { duration, instant } from '../report/text.ts';
import { osTitle } from '../report/words.ts';
import type { Finding } from './judge.ts';
import type { BaselineResult, FaultProof, Proof } from './proof.ts';
import { changeOf, KIND_WORDS, RESULT_WORDS, sentenceOf } from './words.ts';

/** The proof as one HTML file that asks for nothing: its style is inside, it has no script. */
export function htmlProof(proof: Proof): string {
  const style = ['../report/html/page.css', 'page.css'].map(ownFile).join('\n');
  const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`;
  const alarming = proof.baselines.filter(({ result }) => result !== 'proven').length;
  const look = proof.exitCode === 0 ? 'pass' : proof.exitCode === 1 ? 'fail' : 'error';
  const title = { pass: 'Every fault is caught', fail: 'Not proven', error: 'Could not be tried' }[look];
  const seen = proof.controls.filter(({ id }) => proof.faults.some((fault) => findingOf(fault, id)));
  const bare = proof.controls.filter(({ catches }) => catches.length === 0);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>LAB: ${title} - SSPR logon compliance, seeded faults</title>
        <link rel="icon" href="data:," />
        ${trusted(`<style>${style}</style>`)}
      </head>
      <body>
        ${iconSheet()}
        <main>
          <div class="lab" role="note">
            <strong>LAB</strong>
            <span
              >Faults are seeded into the embedded lab, one after the other, and the real command is run on
              it. This shows what the harness catches; it proves nothing about your machines.</span
            >
          </div>
          <header class="top">
            <p class="kicker">Self-service password reset at the Windows logon screen: seeded faults</p>
            <h1 class="${look}">${icon(look)}<span>${title}</span></h1>
            <p class="lede">${sentenceOf(proof.faults, alarming)}</p>
            <p class="when">
              <time datetime="${proof.startedAt}">${instant(proof.startedAt)}</time> UTC, took
              ${duration(proof.ms)}, exit code ${proof.exitCode}
            </p>
          </header>
          <nav aria-label="Parts of this report">
            <a href="#proof">Matrix</a><a href="#faults">Faults</a
            ><a href="#without">Without a fault</a>${proof.all && html`<a href="#bare">Caught nothing</a>`}
          </nav>
          ${matrix(proof, seen)} ${details(proof)} ${without(proof.baselines)}
          ${
            proof.all &&
            html`<section id="bare">
              <h2>Controls that caught nothing here</h2>
              <p class="note">No fault of this proof shows that they can.</p>
              ${
                bare.length === 0
                  ? html`<p class="all-well">
                      ${icon('pass')}<span>None: every control has caught a fault.</span>
                    </p>`
                  : html`<ul class="bare">
                      ${bare.map(({ id, title: says }) => html`<li><code>${id}</code> ${says}</li>`)}
                    </ul>`
              }
            </section>`
          }
        </main>
        <footer>LAB. Made by npx sspr prove. All times are UTC.</footer>
      </body>
    </html>`.markup;
}

const ownFile = (name: string): string => readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8');

const findingOf = ({ findings }: FaultProof, control: string): Finding | undefined =>
  findings.find((one) => one.control === control);

/** Every fault against every control that any of them has touched. */
function matrix({ faults }: Proof, controls: Proof['controls']): Html {
  const areas = [...new Set(faults.map(({ area }) => area))];
  return html`<section id="proof">
    <h2>Every fault, and what catches it</h2>
    <p class="note">
      ${(['caught', 'followed', 'missed'] as const).map(
        (kind) => html`<span class="key">${mark(kind)} ${legend[kind]}</span>`,
      )}
    </p>
    <div class="wide" tabindex="0">
      <table class="grid">
        <thead>
          <tr>
            <th scope="col"><span>Fault</span></th>
            ${controls.map(({ id }) => html`<th scope="col"><span>${id}</span></th>`)}
          </tr>
        </thead>
        ${areas.map(
          (area) =>
            html`<tbody>
              <tr>
                <th scope="rowgroup" colspan="${controls.length + 1}">${area}</th>
              </tr>
              ${faults.filter((fault) => fault.area === area).map((fault) => gridRow(fault, controls))}
            </tbody>`,
        )}
      </table>
    </div>
  </section>`;
}

const legend = {
  caught: 'caught, as expected',
  followed: 'not checked any more, as allowed',
  missed: 'missed, wrong or a false alarm',
};

const mark = (kind: Finding['kind']): Html =>
  html`<span class="${KIND_WORDS[kind].look}"
    >${icon(KIND_WORDS[kind].look)}<span class="hidden">${KIND_WORDS[kind].word}</span></span
  >`;

const gridRow = (fault: FaultProof, controls: Proof['controls']): Html =>
  html`<tr class="${fault.result}">
    <th scope="row">
      <span class="${RESULT_WORDS[fault.result].look}">${icon(RESULT_WORDS[fault.result].look)}</span>
      <a href="#fault-${fault.id}">${fault.id}</a>
    </th>
    ${controls.map(({ id }) => {
      const finding = findingOf(fault, id);
      return html`<td
        title="${finding ? `${fault.id}: ${id} ${changeOf(finding)}` : `${fault.id}: ${id} unchanged`}"
      >
        ${finding && mark(finding.kind)}
      </td>`;
    })}
  </tr>`;

const details = ({ faults }: Proof): Html =>
  html`<section id="faults">
    <h2>The faults</h2>
    <p class="note">Choose one to see how it is seeded, what is expected and what the verdicts said.</p>
    ${faults.map(
      (fault) =>
        html`<details class="fault" id="fault-${fault.id}" ${fault.result !== 'proven' && html`open`}>
          <summary>
            <span class="${RESULT_WORDS[fault.result].look}">${icon(RESULT_WORDS[fault.result].look)}</span>
            <span
              ><b>${fault.title}</b>
              <small
                >${fault.id} · ${osTitle(fault.machine)}${fault.language !== 'en' && ` (${fault.language})`} ·
                ${fault.source}</small
              ></span
            >
            <span class="result">${RESULT_WORDS[fault.result].word}</span>
          </summary>
          <div class="two">
            <pre>${fault.text}</pre>
            <div>
              ${fault.error !== null && html`<p class="error-text"><b>Could not be tried</b> ${fault.error}</p>`}
              ${fault.findings.length === 0 && fault.error === null && html`<p>No control changed, as it should be.</p>`}
              ${findingList(fault.findings)}
              <p class="small">
                Took ${duration(fault.ms)}${fault.exit !== null && `, exit code ${fault.exit}`}.
                ${fault.report !== null && html`<a href="${link(fault.report)}">Report of the run</a>`}
              </p>
            </div>
          </div>
        </details>`,
    )}
  </section>`;

const findingList = (findings: readonly Finding[]): Html =>
  html`<ul class="verdict-list">
    ${findings.map(
      (finding) =>
        html`<li class="${KIND_WORDS[finding.kind].look}">
          ${icon(KIND_WORDS[finding.kind].look)}
          <div>
            <b>${finding.control || 'The run'}</b>
            <small>${KIND_WORDS[finding.kind].word}${finding.is !== '' && `: ${changeOf(finding)}`}</small>
            <p>${finding.text}</p>
          </div>
        </li>`,
    )}
  </ul>`;

const without = (baselines: readonly BaselineResult[]): Html =>
  html`<section id="without">
    <h2>Runs without a fault</h2>
    <p class="note">Every other run is compared with one of these. None may raise an alarm.</p>
    <ul class="baselines">
      ${baselines.map(
        (one) =>
          html`<li class="${RESULT_WORDS[one.result].look}">
            ${icon(RESULT_WORDS[one.result].look)}
            <div>
              <b>${osTitle(one.machine)}, ${one.state}</b>
              <small
                >${one.stages.join(', ')} · compared with ${one.serves.length} · ${duration(one.ms)}</small
              >
              ${one.error !== null && html`<p>${one.error}</p>`} ${findingList(one.findings)}
              ${one.report !== null && html`<a href="${link(one.report)}">Report of the run</a>`}
            </div>
          </li>`,
      )}
    </ul>
  </section>`;

const link = (path: string): string => './' + path.split(/[\\/]/).map(encodeURIComponent).join('/');
