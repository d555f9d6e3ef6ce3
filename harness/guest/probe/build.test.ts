import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from '@playwright/test';
import { parse } from 'acorn';
import { buildProbe } from './build.ts';

describe('The probe as a script', () => {
  it('is ECMAScript 3', async () => {
    const script = await buildProbe();
    expect(() => parse(script, { ecmaVersion: 3, sourceType: 'script' })).not.toThrow();
    // What acorn lets pass and JScript does not: a trailing comma in an object.
    expect(script).not.toMatch(/,\s*}/);
  });

  it('is pure ASCII, so that no code page can change it', async () => {
    expect(await buildProbe()).toMatch(/^[\t\r\n\x20-\x7e]+$/);
  });

  it('is built once a process', () => expect(buildProbe()).toBe(buildProbe()));

  it('type-checks with nothing but ECMAScript 3 and what Windows and Wine both have', async () => {
    const tsc = promisify(execFile)(process.execPath, [
      'node_modules/typescript-es3/bin/tsc',
      '-p',
      'harness/guest/probe',
    ]);
    await expect(tsc).resolves.toMatchObject({ stdout: '' });
  }).timeout(60_000);
});
