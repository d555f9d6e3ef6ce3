import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from '@playwright/test';
import fc from 'fast-check';
import { HeldStream } from './held-stream.ts';
import { typeKeys } from './hidden-line.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const ASKER = fileURLToPath(new URL('./testing/asker.ts', import.meta.url));
const TYPIST = fileURLToPath(new URL('./testing/type.py', import.meta.url));
/** Back to the line of the question; nothing from there on. */
const TAKEN_AWAY = '\r\u001b[1A\u001b[J';
const QUESTION = 'The code that anna@contoso.example got by mail';

describe('keys that the terminal does not show', () => {
  it('make a line, with what corrects it', () => {
    for (const [keys, text, end] of [
      ['123456\r', '123456', 'enter'],
      ['123456\nrest', '123456', 'enter'],
      ['\r\n12\r', '12', 'enter'],
      ['129\u007f3\r', '123', 'enter'],
      ['9\b\b1\r', '1', 'enter'],
      ['old\u0015new\r', 'new', 'enter'],
      ['1\u001b[D\u001bOA\u001b[3~2\r', '12', 'enter'],
      ['é😀\u007f\r', 'é', 'enter'],
      ['12', '12', 'not yet'],
      ['12\u0003', '', 'interrupt'],
      ['12\u0004', '', 'no more'],
    ] as const)
      expect(typeKeys('', keys), JSON.stringify(keys)).toEqual({ text, end });
    expect(typeKeys('12', '3\r')).toEqual({ text: '123', end: 'enter' });
  });

  it('never leave a control character in an answer', () => {
    const keys = fc.string({ unit: fc.oneof(fc.constantFrom('\u001b', '[', 'A', '\b', '\t'), fc.string()) });
    fc.assert(
      // eslint-disable-next-line no-control-regex -- these are control characters
      fc.property(keys, (typed) => expect(typeKeys('', typed).text).not.toMatch(/[\u0000-\u001f\u007f]/)),
    );
  });
});

describe('a stream that is held back', () => {
  it('gives what was written meanwhile afterwards, in order, also when the work fails', async () => {
    let shown = '';
    const stream = new HeldStream({ write: (text) => (shown += text), columns: 40 });
    stream.write('a');
    await stream.hold(() => {
      stream.write('b');
      stream.write('c');
      expect(shown).toBe('a');
      return Promise.resolve();
    });
    await expect(
      stream.hold(() => {
        stream.write('d');
        return Promise.reject(new Error('so it is'));
      }),
    ).rejects.toThrow('so it is');
    stream.write('e');
    expect(shown).toBe('abcde');
  });
});

describe('a question at a real terminal', function () {
  this.timeout(30_000);
  const folder = mkdtempSync(join(tmpdir(), 'sspr-asking-'));
  const file = join(folder, 'answers.json');
  const answers = () => JSON.parse(readFileSync(file, 'utf8')) as string[];
  const program = (withinMs: number): string[] => [
    process.execPath,
    '--import',
    'tsx',
    ASKER,
    file,
    String(withinMs),
  ];
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function type(steps: readonly (readonly [string, string])[], withinMs = 20_000) {
    const args = [TYPIST, JSON.stringify(steps), ...program(withinMs)];
    const { stdout } = await run('/usr/bin/python3', args, { cwd: ROOT });
    return JSON.parse(stdout) as { seen: string; shows: boolean; code: number };
  }

  it('is answered without being shown, one after the other, and the view goes on where it was', async () => {
    const { seen, shows, code } = await type([
      [`win7: ${QUESTION}\r\n(not shown) > `, '47110\u007f8\r'],
      [`win81: ${QUESTION}\r\n(not shown) > `, '815 '],
      ['', '42\r'],
    ]);
    expect(answers()).toEqual(['47118', '815 42']);
    expect({ shows, code }).toEqual({ shows: true, code: 0 });
    for (const typed of ['4711', '815', '42']) expect(seen).not.toContain(typed);
    const asked = (machine: string): string => `${machine}: ${QUESTION}\r\n(not shown) > ${TAKEN_AWAY}`;
    // What the view shows meanwhile comes when the question is gone; which one that is, is chance.
    const [first, second, meanwhile] = [asked('win7'), asked('win81'), 'the view goes on\r\n'];
    expect([
      `the view begins\r\n${first}${meanwhile}${second}the view ends\r\n`,
      `the view begins\r\n${first}${second}${meanwhile}the view ends\r\n`,
    ]).toContain(seen);
  });

  it('ends with Ctrl-C, and so do those that wait', async () => {
    const { seen, shows } = await type([['(not shown) > ', '47\u0003']]);
    expect(answers()).toEqual(['interrupted', 'interrupted']);
    expect(shows).toBe(true);
    expect(seen).not.toContain('47');
  });

  it('ends when its time is up', async () => {
    const { shows } = await type([], 300);
    expect(answers()).toEqual(['timed-out', 'timed-out']);
    expect(shows).toBe(true);
  });

  it('is refused at once when there is no terminal', async () => {
    const [node = '', ...args] = program(20_000);
    const { stdout, stderr } = await run(node, args, { cwd: ROOT });
    expect(answers()).toEqual(['nobody-to-ask', 'nobody-to-ask']);
    expect(stdout + stderr).not.toContain(QUESTION);
  });
});
