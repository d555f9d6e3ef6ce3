import { expect } from '@playwright/test';
import { findText } from './match.ts';
import { lineOf, parseTsv, textOf, type Line } from './tsv.ts';

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

  it('are single characters in Chinese, each with its part of the place', () => {
    const row = '5\t1\t1\t1\t1\t1\t100\t40\t80\t20\t90\t下一步？';
    expect(parseTsv(row, 1)[0]!.words.map(({ text, x, width }) => [text, x, width])).toEqual([
      ['下', 100, 20],
      ['一', 120, 20],
      ['步', 140, 20],
      ['？', 160, 20],
    ]);
  });

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

  it('finds a caption that was wrapped, once and as a whole', () => {
    const lines = [
      line('Enviar un mensaje a mi', 40, 100),
      line('Siguiente', 400, 100),
      line('dirección alternativa', 42, 116),
    ];
    const found = findText(lines, 'Enviar un mensaje a mi dirección alternativa', { whole: true });
    expect(found).toMatchObject([{ x: 40, y: 100, height: 28, similarity: 1 }]);
    expect(findText(lines, 'Siguiente')).toHaveLength(1);
    expect(findText(lines, 'dirección alternativa')).toMatchObject([{ y: 116 }]);
    expect(
      findText([lines[0]!, line('dirección alternativa', 42, 160)], 'mensaje a mi dirección alternativa'),
    ).toEqual([]);
  });

  it('takes the best of several wordings', () => {
    const lines = [line('Confirm password'), line('Confirm passwords', 0, 40)];
    expect(findText(lines, ['Nothing', 'Confirm passwords'])[0]).toMatchObject({ y: 40, similarity: 1 });
    expect(
      findText(lines, ['Confirm passwords', 'Confirm password']).map(({ similarity }) => similarity),
    ).toEqual([1, 1]);
  });

  it('takes an accent for less than a letter, and still prefers the right one', () => {
    const lines = [
      line('Lösenord'),
      line('Losenord', 0, 40),
      line('Läsenord', 0, 80),
      line('Lasenord', 0, 120),
    ];
    const found = findText(lines, 'Lösenord');
    expect(found.map(({ y }) => y)).toEqual([0, 40, 80, 120]);
    expect(found[1]!.similarity).toBeGreaterThan(0.95);
    expect(findText([line('no son validas')], 'son válidos')).toHaveLength(1);
    expect(findText([line('Stang')], 'Stäng', { whole: true })).toHaveLength(1);
    expect(findText([line('Sting')], 'Stäng', { whole: true })).toHaveLength(1);
    expect(findText([line('Stugn')], 'Stäng', { whole: true })).toEqual([]);
  });

  it('minds no full-width punctuation, and takes no other word for a short Chinese one', () => {
    expect(findText([line('忘记了密码？')], '忘记了密码?', { whole: true })[0]?.similarity).toBe(1);
    for (const [text, wanted] of [
      ['取消', '取回'],
      ['下一步', '上一步'],
      ['密码', '新密码'],
      ['完成', '完毕'],
    ] as const)
      expect([text, findText([lineOf(text)], wanted, { whole: true })]).toEqual([text, []]);
  });

  it('finds Chinese text within a line, where it stands', () => {
    const [found] = findText([lineOf('请输入你的用户 ID：')], '用户 ID');
    expect(found?.similarity).toBe(1);
    expect(found!.text).toContain('用户 ID');
    expect(textOf(lineOf('在 Windows 7 中，单击“忘记了密码？”'))).toBe('在 Windows 7 中，单击“忘记了密码？”');
  });
});
