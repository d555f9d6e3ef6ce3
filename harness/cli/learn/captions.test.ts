import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { lineOf, type Line } from '../../console/text.ts';
import { builtInCaptions } from '../../logon/screens/captions.ts';
import { openCaptions } from '../../logon/screens/replaced.ts';
import { screensFor } from '../../logon/screens/screens.ts';
import { propose, readable } from './captions.ts';
import { learnFrom, type LearnCaptionsOptions, type Surroundings } from './learn-captions.ts';

const at = (y: number, text: string): Line => ({
  words: lineOf(text).words.map((word) => ({ ...word, y })),
});

/** A logon screen whose link says something else than the built-in captions. */
const LOGON = [
  at(300, '| Lösenord'),
  at(260, 'Anna Example'),
  at(340, 'Glömt ditt lösenord?'),
  at(600, 'Windows 7 Professional'),
  at(620, '|'),
];

describe('The lines of a page', () => {
  it('are told from top to bottom, without carets', () => {
    expect(readable(LOGON)).toEqual([
      'Anna Example',
      'Lösenord',
      'Glömt ditt lösenord?',
      'Windows 7 Professional',
    ]);
  });

  it('are proposed for the captions that they are most like', () => {
    expect(propose('logon', LOGON, builtInCaptions('sv'))).toEqual([
      { key: 'logon.passwordBox', line: 1, isKnown: true },
      { key: 'logon.link', line: 2, isKnown: expect.any(Boolean) as unknown as boolean },
      { key: 'logon.others', line: undefined, isKnown: false },
    ]);
    expect(propose('locked', LOGON, builtInCaptions('sv'))).toEqual([
      { key: 'logon.pressControlAltDelete', line: undefined, isKnown: false },
    ]);
  });
});

describe('npx sspr learn captions', () => {
  let folder: string;
  let out: string;
  let said: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sspr-learn-'));
    out = join(folder, 'sv.yaml');
    said = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const learn = (
    options: Partial<LearnCaptionsOptions>,
    surroundings: Partial<Surroundings> = {},
  ): Promise<number> =>
    learnFrom(
      'win7',
      'sv',
      { page: ['logon'], caption: [], out, force: false, ...options },
      {
        look: () => Promise.resolve(LOGON),
        say: (line) => said.push(line),
        ask: undefined,
        today: '2027-01-31',
        files: [],
        ...surroundings,
      },
    );

  it('writes what it was told, where and when it was seen, so that a run looks for that', async () => {
    expect(await learn({ caption: ['logon.link=3'] })).toBe(0);
    const screens = screensFor('sv', openCaptions([out]));
    expect(screens.logon.link.texts).toEqual(['Glömt ditt lösenord?']);
    expect(screens.logon.passwordBox.texts).toEqual(['Lösenord']);
    expect(readFileSync(out, 'utf8')).toContain('source: seen\n      where: win7, 2027-01-31');
  });

  it('knows what the configuration names, and has each key in one file only', async () => {
    await learn({ caption: ['logon.link=4'] });
    const files = openCaptions([out]);
    await learn({}, { files });
    expect(said.join('\n')).toMatch(/logon\.link \(the link to the reset\), known already: probably line 4/);
    const other = join(folder, 'other.yaml');
    await expect(learn({ caption: ['logon.link=3'], out: other }, { files })).rejects.toMatchObject({
      code: 'captions-elsewhere',
      remedy: expect.stringMatching(/--out .*sv\.yaml --force/),
    });
    expect(existsSync(other)).toBe(false);
    await learn({ caption: ['logon.link=3'], force: true }, { files });
    expect(screensFor('sv', openCaptions([out])).logon.link.texts).toEqual(['Glömt ditt lösenord?']);
  });

  it('adds to what is known where a key has several texts, and replaces none', async () => {
    await learn({ caption: ['logon.others=4'] });
    const { others } = screensFor('sv', openCaptions([out])).logon;
    expect(others.texts).toEqual([...screensFor('sv').logon.others.texts, 'Windows 7 Professional']);
  });

  it('asks a person for each caption of each page, and takes what it proposes for an answer', async () => {
    const asked: string[] = [];
    const answers: Record<string, string> = {
      'logon.passwordBox': '',
      'logon.link': '4',
      'logon.others': '',
    };
    const ask = (question: string): Promise<string> => {
      asked.push(question);
      return Promise.resolve(answers[question.split(' ')[0] ?? ''] ?? 's');
    };
    await learn(
      { page: ['logon', 'locked'] },
      { ask: (question) => (question.startsWith('Show the logon') ? Promise.resolve('') : ask(question)) },
    );
    expect(asked).toEqual([
      'logon.passwordBox (the text in the empty password box), known already: line [2], 0 for none: ',
      expect.stringMatching(/^logon\.link \(the link to the reset\).*: line \[3\], 0 for none: $/),
      expect.stringMatching(/^logon\.others \(another text .*\): line \[0\], 0 for none: $/),
      'Show what a machine shows before Ctrl+Alt+Delete, then press Enter (s: skip) ',
    ]);
    expect(screensFor('sv', openCaptions([out])).logon.link.texts).toEqual(['Windows 7 Professional']);
  });

  it('lists what it reads, and writes nothing, where nobody can be asked and nothing was named', async () => {
    expect(await learn({})).toBe(0);
    expect(said).toContain('  3  Glömt ditt lösenord?');
    expect(said.join('\n')).toMatch(/logon\.link .*: probably line 3/);
    expect(existsSync(out)).toBe(false);
  });

  it('leaves a file that is there as it is, unless it is told to change it; then other keys stay', async () => {
    await learn({ caption: ['logon.passwordBox=2'] });
    const before = readFileSync(out, 'utf8');
    await expect(learn({ caption: ['logon.link=3'] })).rejects.toMatchObject({ code: 'captions-there' });
    expect(readFileSync(out, 'utf8')).toBe(before);
    await learn({ caption: ['logon.link=3'], force: true });
    const { captions } = openCaptions([out])[0]!;
    expect(Object.keys(captions)).toEqual(['logon.passwordBox', 'logon.link']);
  });

  it('writes nothing that a run would refuse', async () => {
    const look = (): Promise<Line[]> => Promise.resolve([at(10, 'Ditt konto har låsts')]);
    const learning = learn({ page: ['success'], caption: ['success.heading=1'] }, { look });
    await expect(learning).rejects.toMatchObject({ code: 'captions-invalid' });
    expect(existsSync(out)).toBe(false);
  });

  for (const [what, options, says] of [
    ['an unknown page', { page: ['login'] }, /--page: found login; expected one of locked, logon/],
    ['no page', { page: [] }, /--page: expected, where no terminal is/],
    [
      'a key of another page',
      { caption: ['button.next=1'] },
      /--caption: found button\.next=1; expected a key of the page logon/,
    ],
    [
      'a line that there is not',
      { caption: ['logon.link=9'] },
      /logon\.link: found "9"; expected the number of a line, 1 to 4/,
    ],
    ['no number', { caption: ['logon.link=x'] }, /logon\.link: found "x"; expected the number/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      await expect(learn(options)).rejects.toThrow(says);
      expect(existsSync(out)).toBe(false);
    });
  }
});
