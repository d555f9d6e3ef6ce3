import { chromium, expect, type Browser } from '@playwright/test';
import { PNG } from 'pngjs';
import type { Frame } from '../../console/console.ts';
import { TESSERACT } from '../../console/open.ts';
import type { Wanted } from '../../console/screen.ts';
import { findText, openTextReader } from '../../console/text.ts';
import { LANGUAGE_NAMES } from '../../core/languages.ts';
import { captionKind, CAPTION_KEYS, type CaptionKey } from './caption-keys.ts';
import { builtInCaptions } from './captions.ts';

const FONT = "15px 'Open Sans', 'WenQuanYi Micro Hei', sans-serif";
const ROWS = 24;

/** Captions in two columns: in the colours of a logon screen, or black on white. */
const page = (texts: readonly string[], colours: string): string =>
  `<!doctype html><meta charset="utf-8"><body style="margin: 0; height: 100vh; font: ${FONT}; ${colours}">${texts
    .map(
      (text, index) =>
        `<div style="position: absolute; left: ${40 + Math.floor(index / ROWS) * 640}px; top: ${12 + (index % ROWS) * 31}px">${text}</div>`,
    )
    .join('')}`;

const LOOKS = [
  'color: #fff; background: linear-gradient(160deg, #0c3f7f, #1d6fb8 35%, #2a86c8 55%, #0d4a8e 80%, #07305f)',
  'color: #222; background: #fff',
];

describe('The captions, drawn and read', function () {
  this.timeout(180_000);
  let browser: Browser;
  before(async () => {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium' });
  });
  after(() => browser.close());

  for (const language of LANGUAGE_NAMES) {
    it(`in ${language} are found, each by its own words`, async () => {
      const captions = builtInCaptions(language);
      const drawn = CAPTION_KEYS.filter((key) => !key.startsWith('windows.')).flatMap((key) =>
        captions[key].slice(0, 1).map(({ text }) => ({ key, text })),
      );
      const reader = openTextReader(TESSERACT[language]);
      try {
        for (const look of LOOKS) {
          const frame = await picture(
            page(
              drawn.map(({ text }) => text),
              look,
            ),
          );
          let missing = drawn;
          for (const large of [false, true]) {
            const lines = missing.length > 0 ? await reader.read(frame, { large }) : [];
            missing = missing.filter(({ key, text }) => findText(lines, text, wanted(key)).length === 0);
          }
          expect(missing).toEqual([]);
        }
      } finally {
        await reader.close();
      }
    });
  }

  const wanted = (key: CaptionKey): Omit<Wanted, 'texts'> => ({ whole: captionKind(key).whole ?? false });

  async function picture(html: string): Promise<Frame> {
    const view = await browser.newPage({ viewport: { width: 1320, height: 768 } });
    await view.setContent(html);
    const { width, height, data } = PNG.sync.read(await view.screenshot());
    await view.close();
    return { width, height, data, version: 1 };
  }
});
