import { expect } from '@playwright/test';
import type { Frame } from '../console/console.ts';
import { Deadline } from '../core/deadline.ts';
import type { Area } from '../core/journal.ts';
import { Secret } from '../core/secret.ts';
import { type Entry, fillIn } from './fill-in.ts';

const [WIDTH, HEIGHT] = [400, 200];
const LABEL = { x: 40, y: 50, width: 60, height: 14 };

/** A page with one field that takes keys only from the given click on, as pages that are still loading do. */
function pageThatListensFrom(click: number) {
  const seen = { clicks: 0, typed: 0, value: '' };
  const word = (text: string, x: number, y: number) => ({
    text,
    x,
    y,
    width: 60,
    height: 14,
    confidence: 90,
  });
  const frame = (): Frame => {
    const data = Buffer.alloc(WIDTH * HEIGHT * 4, 230);
    for (let y = 70; y < 100; y++) {
      for (const x of [40, 340]) data.fill(90, (y * WIDTH + x) * 4, (y * WIDTH + x + 1) * 4);
    }
    // The field's border, and its content as a bar: 20 pixels a character.
    for (let x = 40; x < 340; x++) {
      for (const y of [70, 99]) data.fill(90, (y * WIDTH + x) * 4, (y * WIDTH + x + 1) * 4);
    }
    for (let y = 80; y < 90; y++)
      data.fill(0, (y * WIDTH + 45) * 4, (y * WIDTH + 45 + 2 * seen.value.length) * 4);
    return { width: WIDTH, height: HEIGHT, data, version: seen.typed };
  };
  const done = () => Promise.resolve();
  return {
    seen,
    screen: {
      frame,
      covered: (_frame: Frame): readonly Area[] => [],
      read: () =>
        Promise.resolve({
          frame: frame(),
          lines: [
            { words: [word('User', LABEL.x, LABEL.y), word('ID', LABEL.x + 30, LABEL.y)] },
            ...(seen.value === '' ? [] : [{ words: [word(seen.value, 45, 80)] }]),
          ],
        }),
      click: () => Promise.resolve(String(++seen.clicks)),
      press: () => Promise.resolve(''),
      settle: done,
      clearField: () => {
        seen.value = '';
        return done();
      },
      type: (text: string | Secret) => {
        seen.typed++;
        if (seen.clicks >= click) seen.value = text instanceof Secret ? text.reveal() : text;
        return done();
      },
    },
  };
}

const entry = (text: string | Secret): Entry => ({
  label: { texts: ['User ID'], whole: true },
  text,
  what: 'the user ID',
  position: 'first',
});

describe('fillIn', () => {
  for (const [name, text] of [
    ['a text, by reading it', 'anna@contoso.example'],
    ['a secret, by the change of its field', new Secret('correct horse battery')],
  ] as const) {
    it(`types once what arrives, and sees that it did: ${name}`, async () => {
      const { screen, seen } = pageThatListensFrom(1);
      await fillIn(screen, entry(text), Deadline.in(5000, 'testing'));
      expect(seen).toMatchObject({ clicks: 1, typed: 1 });
    });

    it(`sets the focus anew and types again what did not arrive: ${name}`, async () => {
      const { screen, seen } = pageThatListensFrom(2);
      await fillIn(screen, entry(text), Deadline.in(5000, 'testing'));
      expect(seen).toMatchObject({ clicks: 2, typed: 2 });
      expect(seen.value).toBe(text instanceof Secret ? text.reveal() : text);
    });
  }

  it('gives up after three tries when its box stays as it was: nobody may be asked to take nothing', async () => {
    const { screen, seen } = pageThatListensFrom(9);
    const filling = fillIn(screen, entry('anna@contoso.example'), Deadline.in(5000, 'testing'));
    await expect(filling).rejects.toMatchObject({ code: 'keys-lost', retryable: true });
    expect(seen).toMatchObject({ typed: 3, value: '' });
  });

  it('leaves to the page what arrived and cannot be read', async () => {
    const { screen, seen } = pageThatListensFrom(1);
    const blind = {
      ...screen,
      read: async () => ({ ...(await screen.read()), lines: (await screen.read()).lines.slice(0, 1) }),
    };
    await fillIn(blind, entry('anna@contoso.example'), Deadline.in(5000, 'testing'));
    expect(seen).toMatchObject({ typed: 3, value: 'anna@contoso.example' });
  });

  describe('covers a secret that the page shows', () => {
    const box = { x: 41, y: 71, width: 299, height: 28 };
    const typeAt = async (label: Entry['label']) => {
      const { screen } = pageThatListensFrom(1);
      const legible = { ...entry(new Secret('a secret')), label, legible: true };
      await fillIn(screen, legible, Deadline.in(5000, 'testing'));
      return screen;
    };

    it('in its box, and in a box of this size elsewhere', async () => {
      const screen = await typeAt({ texts: ['User ID'] });
      expect(screen.covered(screen.frame())).toContainEqual(box);
      const { width, height, data } = screen.frame();
      const lower = Buffer.concat([data.subarray(data.length - 40 * width * 4), data]);
      const places = screen.covered({ width, height, data: lower.subarray(0, data.length), version: 9 });
      expect(places).toContainEqual(box);
      expect(places).toContainEqual({ ...box, y: box.y + 40 });
    });

    it('everywhere, when its field was not found', async () => {
      const screen = await typeAt({ texts: ['Nothing of this name'] });
      expect(screen.covered(screen.frame())).toEqual([{ x: 0, y: 0, width: WIDTH, height: HEIGHT }]);
    });

    it('around its label, when that has no box', async () => {
      const label = { x: 40, y: 120, width: 60, height: 14 };
      const screen = await typeAt(label);
      expect(screen.covered(screen.frame())).toEqual([{ ...label, width: 180, height: 54 }]);
    });
  });
});
