import { expect } from '@playwright/test';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Fault } from '../../core/errors.ts';
import { Tesseract } from './tesseract.ts';

const WHITE = Buffer.concat([Buffer.from('P5\n64 32\n255\n'), Buffer.alloc(64 * 32, 255)]);
const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('sspr-ocr-'));

/** Pids of the Tesseract processes that this process has started. */
const children = (): number[] =>
  execFileSync('ps', ['-o', 'pid=,comm=', '--ppid', String(process.pid)], { encoding: 'utf8' })
    .split('\n')
    .filter((row) => row.includes('tesseract'))
    .map((row) => Number.parseInt(row));

describe('Tesseract, kept warm', () => {
  it('reads picture after picture with one process, and leaves nothing behind', async () => {
    const before = folders();
    const tesseract = new Tesseract('eng');
    const pages = await Promise.all([tesseract.read(WHITE), tesseract.read(WHITE), tesseract.read(WHITE)]);
    expect(pages.map((page) => /^1\t(\d+)\t/.exec(page)?.[1])).toEqual(['1', '3', '5']);
    expect(children()).toHaveLength(1);
    await tesseract.close();
    await expect.poll(children).toEqual([]);
    expect(folders()).toEqual(before);
  });

  it('is started again after it has died', async () => {
    const tesseract = new Tesseract('eng');
    await tesseract.read(WHITE);
    const [pid] = children();
    process.kill(pid!, 'SIGKILL');
    expect(await tesseract.read(WHITE)).toMatch(/^1\t1\t/);
    expect(children()).not.toContain(pid);
    await tesseract.close();
  });

  it('says what to install when a language is missing', async () => {
    const tesseract = new Tesseract('xyz');
    const reading = tesseract.read(WHITE);
    await expect(reading).rejects.toMatchObject({ code: 'ocr-missing', blame: 'harness' });
    const remedy = await reading.catch((error: unknown) => (error as Fault).remedy);
    expect(remedy).toContain('tesseract-ocr-xyz');
    await tesseract.close();
  });

  it('says what to install when Tesseract is missing', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nonexistent';
    const tesseract = new Tesseract('eng');
    const reading = tesseract.read(WHITE).finally(() => (process.env.PATH = path));
    await expect(reading).rejects.toMatchObject({ code: 'ocr-missing' });
    await tesseract.close();
  });
});
