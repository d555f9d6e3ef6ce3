import { expect } from '@playwright/test';
import { type Reading, seenIn } from '../console/screen.ts';
import { type Line, lineOf } from '../console/text.ts';
import { beneathBox, passwordBoxOf } from './chosen-user.ts';
import { screensFor } from './screens/screens.ts';

const [WIDTH, HEIGHT] = [800, 500];
const logon = {
  user: { displayName: 'Chen Test', upn: 'chen@contoso.example' },
  screens: screensFor('zh-CN'),
};

/** What was read on a logon screen of one colour with a white box at 300, 200, of 220 x 34. */
function screen(texts: readonly (readonly [text: string, x: number, y: number])[], box = true): Reading {
  const data = Buffer.alloc(WIDTH * HEIGHT * 4, 0x60);
  for (let row = 200; box && row < 234; row++)
    data.fill(0xff, (row * WIDTH + 300) * 4, (row * WIDTH + 520) * 4);
  const lines = texts.map(([text, x, y]): Line => ({
    words: lineOf(text).words.map((word, index) => ({
      ...word,
      x: x + index * 15,
      y,
      width: 14,
      height: 20,
    })),
  }));
  return { lines, frame: { width: WIDTH, height: HEIGHT, data, version: 1 } };
}

const NAME = ['Chen Test', 300, 160] as const;

describe('The password box of the chosen user', () => {
  it('is found by its text, or beneath his name where that is misread', () => {
    const find = (reading: Reading) => seenIn(reading, passwordBoxOf(logon));
    expect(find(screen([NAME, ['密码', 310, 206]]))).toMatchObject({ x: 310, y: 206 });
    expect(find(screen([NAME, ['8', 310, 206]]))).toMatchObject({ x: 300, y: 200, width: 220, height: 34 });
    expect(find(screen([['Bo Tester', 300, 160]]))).toBeUndefined();
    expect(find(screen([['Chen Test', 300, 40]]))).toBeUndefined();
    expect(find(screen([NAME], false))).toBeUndefined();
  });
});

describe('Beneath the password box', () => {
  const unexplained = (...texts: Parameters<typeof screen>[0]) =>
    beneathBox(logon, screen([NAME, ...texts]))?.unexplained;

  it('a text that is not known may be the link in other words', () => {
    expect(unexplained(['找回密码', 300, 260])).toEqual(['找回密码']);
    expect(unexplained(['Trouble', 300, 260], ['切换用户', 340, 320])).toEqual(['Trouble']);
  });

  it('nothing else may be: what is known, a drawing, what stands beside or far below', () => {
    expect(unexplained()).toEqual([]);
    expect(
      unexplained(
        ['切换用户', 340, 320],
        ['密码提示: cat', 300, 260],
        ['E1', 360, 262],
        ['业', 340, 264],
        ['Accessibility', 40, 260],
        ['Windows', 340, 470],
      ),
    ).toEqual([]);
  });

  it('is nothing to be said where the box of this user is not seen', () => {
    expect(beneathBox(logon, screen([['找回密码', 300, 260]]))).toBeUndefined();
  });
});
