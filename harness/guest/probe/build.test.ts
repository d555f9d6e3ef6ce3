import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import { buildProbe } from './build.ts';
import { laterThanEs3 } from './es3.ts';

const TSC = 'node_modules/typescript-es3/bin/tsc';
const HERE = fileURLToPath(new URL('.', import.meta.url));

/** What the older compiler says; it says nothing about a good project. */
const compile = (project: string): Promise<string> =>
  new Promise((resolve) => execFile(process.execPath, [TSC, '-p', project], (_, stdout) => resolve(stdout)));

describe('The probe as a script', () => {
  it('is ECMAScript 3, in its syntax and in what it uses', async () => {
    expect(laterThanEs3(await buildProbe())).toEqual([]);
  });

  it('is pure ASCII, so that no code page can change it', async () => {
    expect(await buildProbe()).toMatch(/^[\t\r\n\x20-\x7e]+$/);
  });

  it('is built once a process', () => expect(buildProbe()).toBe(buildProbe()));

  it('type-checks with nothing but ECMAScript 3 and what Windows and Wine both have', async () => {
    expect(await compile('harness/guest/probe')).toBe('');
  }).timeout(60_000);
});

describe('laterThanEs3', () => {
  const later: Readonly<Record<string, RegExp>> = {
    'let a = 1;': /does not parse/,
    'var f = function () { return { default: 1 }; };': /does not parse/,
    'var a = {}; a.default = 1;': /does not parse/,
    'var a = { get b() { return 1; } };': /does not parse/,
    'var a = { b: 1, };': /does not parse/,
    'var a = [1, 2, ];': /trailing comma/,
    'var a = [1, , 2];': /hole/,
    '[1].forEach(eval);': /later member/,
    'var a = "x".trim();': /later member/,
    'var a = new Date().toISOString();': /later member/,
    'var a = Array.isArray(1);': /later member/,
    'var f = eval.bind(1);': /later member/,
    'var a = JSON.stringify(1);': /no such global/,
    'var a = new Map();': /no such global/,
    'var a = "abc"[0];': /no \[\]/,
  };
  for (const [script, fault] of Object.entries(later)) {
    it(`finds ${script}`, () => expect(laterThanEs3(script)).toContainEqual(expect.stringMatching(fault)));
  }

  it('finds nothing in a script of its time', () => {
    const script =
      'for (var i in a = { b: [1, 2] }) try { WScript.Echo(a.b.length) } catch (e) { break; } var a;';
    expect(laterThanEs3(script)).toEqual([]);
  });
});

describe('The type check of the probe', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'probe-types-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('refuses whatever came later', async () => {
    const later = [
      `export const a = [1].indexOf(1);`,
      `export const b = [1].map(String);`,
      `export const c = 'abc'[0];`,
      `export const d = 'abc'.trim();`,
      `export const e = JSON;`,
      `export const f = Object.keys({});`,
      `export const g = new Date().toISOString();`,
      `export const h = Array.isArray(1);`,
      `export const i = (function (): void {}).bind(1);`,
    ];
    writeFileSync(join(folder, 'later.ts'), later.join('\n'));
    const libraries = ['lib.es3.d.ts', 'host.d.ts'].map((name) => join(HERE, 'src', name));
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(HERE, 'tsconfig.json'),
        files: [...libraries, join(folder, 'later.ts')],
      }),
    );
    const refused = [...(await compile(folder)).matchAll(/later\.ts\((\d+),/g)].map((found) =>
      Number(found[1]),
    );
    expect([...new Set(refused)]).toEqual(later.map((_, at) => at + 1));
  });
});
