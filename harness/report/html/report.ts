import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import type { Results } from '../model.ts';
import { LAB_TITLE, VERDICT_WORDS } from '../words.ts';
import { attention } from './attention.ts';
import { film, pictureSheet } from './film.ts';
import { iconSheet } from './icons.ts';
import { matrix } from './matrix.ts';
import { overview } from './overview.ts';
import { loadPictures } from './pictures.ts';
import { runDetails, stages } from './run-details.ts';
import { html, trusted, type Html } from './template.ts';
import { trail, trailStyle } from './trail.ts';
import { waivers } from './waivers.ts';

/**
 * The results as one HTML file that asks for nothing: styles, script and pictures are inside, and its policy forbids
 * everything else. Without its script it loses only the enlarged pictures.
 * @param folder the run's folder, for the pictures of the film
 */
export async function htmlReport(results: Results, folder: string): Promise<string> {
  const frames = results.machines.flatMap((machine) => machine.frames);
  const pictures = await loadPictures(folder, frames);
  const style = `:root{--machines:${results.machines.length}}\n${trailStyle}\n${await ownFile('page.css')}`;
  const { code: script } = await transform(await ownFile('app/page.ts'), { loader: 'ts', minify: true });
  const policy = [
    `default-src 'none'`,
    `style-src ${hash(style)}`,
    `script-src ${hash(script)}`,
    `img-src data:`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  const timelines = trail(results);
  const waived = waivers(results);
  const lab = results.lab ? `${LAB_TITLE}: ` : '';
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <meta name="sspr:lab" content="${String(results.lab)}" />
        <meta name="sspr:sign-off" content="${String(results.signOff)}" />
        <meta name="sspr:verdict" content="${results.verdict}" />
        <meta name="sspr:run" content="${results.run}" />
        <title>${lab}${VERDICT_WORDS[results.verdict]} - SSPR logon compliance, ${results.run}</title>
        <link rel="icon" href="data:," />
        ${inline('style', style)}
      </head>
      <body>
        ${iconSheet()}
        <main>
          ${overview(results)}
          <nav aria-label="Parts of this report">
            ${waived && html`<a href="#waivers">Waivers</a>`}<a href="#attention">Attention</a
            ><a href="#matrix">Controls</a>${
              timelines && html`<a href="#trail">Time line</a>`
            }${frames.length > 0 && html`<a href="#film">Film</a>`}<a href="#stages">Stages</a
            ><a href="#run">Run</a>
          </nav>
          ${waived} ${attention(results)} ${matrix(results)} ${timelines} ${film(results, pictures)}
          ${stages(results)} ${runDetails(results)}
        </main>
        <footer>${lab}Derived from events.jsonl of run ${results.run}. All times are UTC.</footer>
        ${pictureSheet(results, pictures)} ${inline('script', script)}
      </body>
    </html>`.markup;
}

const ownFile = (name: string): Promise<string> =>
  readFile(fileURLToPath(new URL(name, import.meta.url)), 'utf8');

/** Byte for byte what was hashed. */
const inline = (element: 'style' | 'script', text: string): Html =>
  trusted(`<${element}>${text}</${element}>`);

/** How the page's policy names the one text that may be a style or a script of it. */
const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
