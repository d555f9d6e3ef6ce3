import type { FrameResult, MachineResult, Results } from '../model.ts';
import { duration, oneLine, plural } from '../text.ts';
import { osTitle } from '../words.ts';
import type { Picture } from './pictures.ts';
import { html, type Html } from './template.ts';

type Pictures = ReadonlyMap<string, Picture>;

/** The logon flow as it was seen: each picture with what was looked for, where it was found, and what was done. */
export function film(results: Results, pictures: Pictures): Html | false {
  const filmed = results.machines.filter((machine) => machine.frames.length > 0);
  if (filmed.length === 0) return false;
  return html`<section id="film">
    <h2>The film of the logon</h2>
    <p class="note">
      A frame around what was looked for shows where it was found. Choose a picture to enlarge it; the arrow
      keys lead on.
    </p>
    ${filmed.map(
      (machine, i) =>
        html`<details class="reel" ${i === 0 && html`open`}>
          <summary>
            <b>${osTitle(machine.os)}</b>
            <small>${machine.name}, ${plural(machine.frames.length, 'picture')}</small>
          </summary>
          <div class="frames">${framesOf(machine, pictures)}</div>
        </details>`,
    )}
    ${viewer}
  </section>`;
}

function framesOf(machine: MachineResult, pictures: Pictures): Html[] {
  const start = Date.parse(machine.frames[0]?.at ?? '');
  return machine.frames.map((frame, i) => {
    const after = duration(Math.max(0, Date.parse(frame.at) - start));
    return html`<figure>
      <button type="button" aria-label="Enlarge picture ${i + 1}: ${frame.caption}">
        ${screen(frame, pictures.get(frame.file))}
      </button>
      <figcaption>
        <p class="clock">
          <b>${machine.name} · ${i + 1}</b><time datetime="${frame.at}">${frame.at.slice(11, 23)}</time
          ><span>+${after}</span>
        </p>
        <p class="caption">${frame.caption}</p>
        ${frame.lookedFor !== null && html`<p class="sought">${sought(frame, frame.lookedFor)}</p>`}
        ${frame.action !== null && html`<p class="action">${frame.action}</p>`}
      </figcaption>
    </figure>`;
  });
}

function sought({ found }: FrameResult, lookedFor: string): Html {
  if (!found) return html`Looked for <q>${lookedFor}</q>: <b>not found</b>`;
  const read =
    found.text !== '' && oneLine(found.text) !== oneLine(lookedFor) && html`, read as <q>${found.text}</q>`;
  return html`Looked for <q>${lookedFor}</q>: found at ${Math.round(found.x)}, ${Math.round(found.y)}${read}
    (${Math.round(found.similarity * 100)} %)`;
}

const WHY_NOT = {
  missing: 'The picture is missing',
  altered: 'The picture was altered after the run',
} as const;

function screen(frame: FrameResult, picture: Picture | undefined): Html {
  const { width, height, found } = frame;
  const content =
    picture?.state === 'shown'
      ? html`<use href="#${picture.id}" width="${width}" height="${height}" />`
      : html`<rect class="blank" width="${width}" height="${height}" />
          <text x="${width / 2}" y="${height / 2}" font-size="${height / 16}"
            >${WHY_NOT[picture?.state ?? 'missing']}</text
          >`;
  const box = found && html`<rect class="halo" ${edges(found)} /><rect class="found" ${edges(found)} />`;
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${frame.caption}">
    ${content}${box}
  </svg>`;
}

/** A little larger than what was found, so that the line does not cover it. */
const edges = ({ x, y, width, height }: NonNullable<FrameResult['found']>): Html =>
  html`x="${x - 4}" y="${y - 4}" width="${width + 8}" height="${height + 8}" rx="4"`;

/** Filled by the page's script with a copy of the picture chosen. */
const viewer = html`<dialog id="viewer" aria-label="Picture of the film">
  <div class="picture"></div>
  <div class="bar">
    <button type="button" data-step="-1">Previous</button>
    <button type="button" data-step="1">Next</button>
    <button type="button" data-close>Close</button>
  </div>
  <div class="words"></div>
</dialog>`;

/** Each picture once; the frames refer to it. */
export function pictureSheet(results: Results, pictures: Pictures): Html {
  const sheet = new Map<string, Html>();
  for (const { file, width, height } of results.machines.flatMap((machine) => machine.frames)) {
    const picture = pictures.get(file);
    if (picture?.state !== 'shown' || sheet.has(picture.id)) continue;
    sheet.set(
      picture.id,
      html`<image id="${picture.id}" width="${width}" height="${height}" href="${picture.url}" />`,
    );
  }
  return html`<svg class="sheet" aria-hidden="true"><defs>${[...sheet.values()]}</defs></svg>`;
}
