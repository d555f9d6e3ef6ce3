import { expect } from '@playwright/test';
import { findText } from './match.ts';
import { parseTsv, textOf, type Line } from './tsv.ts';

/** A line of words, 10 pixels a character, 5 between words. */
function line(text: string, x = 0, y = 0): Line {
  let at = x;
  return {
    words: text.split(' ').map((word) => {
      const here = { text: word, x: at, y, width: word.length * 10, height: 12 };
      at += here.width + 5;
      return here;
    }),
  };
}

describe('The words on a page of Tesseract', () => {
  const tsv = [
    '1\t1\t0\t0\t0\t0\t0\t0\t2048\t1536\t-1\t',
    '5\t1\t1\t1\t1\t1\t100\t40\t60\t20\t96.5\tUser',
    '5\t1\t1\t1\t1\t2\t168\t40\t30\t20\t96.5\tID:',
    '5\t1\t1\t1\t1\t3\t300\t40\t60\t20\t96.5\tNext',
    '5\t1\t1\t1\t1\t4\t368\t40\t10\t20\t20\t ',
  ].join('\n');

  it('stand where they stand on the screen, and are parted by wide gaps', () => {
    const lines = parseTsv(tsv, 2);
    expect(lines.map(textOf)).toEqual(['User ID:', 'Next']);
    expect(lines[0]!.words[0]).toEqual({ text: 'User', x: 50, y: 20, width: 30, height: 10 });
  });
});

describe('findText', () => {
  it('does not mind case, punctuation and a wrong character', () => {
    const [found] = findText([line('please press'), line('Forgat Password', 50, 30)], 'Forgot password?');
    expect(found).toMatchObject({ text: 'Forgat Password', x: 50, y: 30, width: 145, height: 12 });
    expect(found?.similarity).toBeCloseTo(13 / 14);
  });

  const nearMisses = ['Forgot user name?', 'Password hint: cat', 'Change password', 'Sign-in options'];
  for (const text of nearMisses) {
    it(`does not take "${text}" for the link`, () => {
      expect(findText([line(text)], 'Forgot password?')).toEqual([]);
    });
  }

  it('prefers a caption of its own to a part of a longer one, unless only the whole will do', () => {
    const lines = [line('Email my alternate email'), line('Email', 300, 90)];
    expect(findText(lines, 'Email')[0]).toMatchObject({ x: 300 });
    expect(findText(lines, 'Email', { whole: true })).toHaveLength(1);
    expect(findText([lines[0]!], 'Email', { whole: true })).toEqual([]);
  });

  it('looks only where it is told to', () => {
    const lines = [line('Next', 0, 0), line('Next', 500, 400)];
    expect(findText(lines, 'Next', { within: { x: 400, y: 300, width: 300, height: 300 } })).toMatchObject([
      { x: 500 },
    ]);
  });

  it('is strict with digits', () => {
    expect(findText([line('verification step 1')], 'verification step 2')).toEqual([]);
    expect(findText([line('verification step 2')], 'verification step 2')).toHaveLength(1);
  });

  it('forgives one character of five in Chinese', () => {
    expect(findText([line('专记了密码')], '忘记了密码')).toHaveLength(1);
    expect(findText([line('重置密码')], '忘记了密码')).toEqual([]);
  });
});
