import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { describe, Fault } from '../../core/errors.ts';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** A frame takes 0.15 s; a host that needs this long for one is out of order. */
const LONGEST_MS = 60_000;

/**
 * Tesseract kept warm: one process a language, which reads the paths of pictures from its standard input
 * (`stream_filelist`) and writes one TSV page each. A page is known to be complete only when the next one begins, so a
 * tiny white picture follows every real one. Started on first use, and again after it has died.
 */
export class Tesseract {
  readonly #language: string;
  #folder: string | undefined;
  #running: Running | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** @param language of Tesseract's own names: `eng`, `chi_sim`, `eng+fra` */
  constructor(language: string) {
    this.#language = language;
  }

  /**
   * Reads a picture (PGM); one at a time, in the order of the calls.
   * @returns the TSV rows of its page
   * @throws Fault `ocr-missing` (harness) when Tesseract or the language is not installed, `ocr-failed` (harness)
   */
  read(pgm: Buffer): Promise<string> {
    const reading = this.#last.then(async () => {
      const before = this.#running;
      try {
        return await this.#readNow(pgm);
      } catch (error) {
        // It may have died since the last picture; a fresh one gets a second chance, which it needs only then.
        if (!before || before === this.#running) throw error;
        return this.#readNow(pgm);
      }
    });
    this.#last = reading.catch(() => undefined);
    return reading;
  }

  async close(): Promise<void> {
    await this.#last;
    this.#running?.child.kill();
    this.#running = undefined;
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  async #readNow(pgm: Buffer): Promise<string> {
    const folder = (this.#folder ??= privateFolder());
    const running = (this.#running ??= new Running(this.#language));
    const picture = join(folder, `${running.pages}.pgm`);
    writeFileSync(picture, pgm);
    try {
      return await running.read(picture, join(folder, 'white.pgm'));
    } catch (error) {
      running.child.kill();
      this.#running = undefined;
      throw error;
    } finally {
      unlinkSync(picture);
    }
  }
}

/** Readable only by us: the pictures show the screens of machines. */
function privateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-ocr-'));
  writeFileSync(
    join(folder, 'white.pgm'),
    Buffer.concat([Buffer.from('P5\n16 16\n255\n'), Buffer.alloc(256, 255)]),
  );
  return folder;
}

/** One process. */
class Running {
  readonly child: Child;
  /** Pages read so far, those of the white picture included. */
  pages = 0;
  readonly #language: string;
  #out = '';
  #complaint = '';
  #waiting: { readonly done: () => boolean; readonly settle: (error?: Error) => void } | undefined;
  #over: Error | undefined;

  constructor(language: string) {
    this.#language = language;
    const options = ['stream_filelist=1', 'tessedit_create_tsv=1', 'tessedit_create_txt=0'].flatMap((one) => [
      '-c',
      one,
    ]);
    // stdbuf: a pipe would be written to in blocks, and the last page would never come.
    this.child = spawn('stdbuf', ['-oL', 'tesseract', '-', '-', '-l', language, '--psm', '11', ...options], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, OMP_THREAD_LIMIT: '1' },
    });
    // A character may come in two pieces.
    this.child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.#out += chunk;
      if (this.#waiting?.done()) this.#waiting.settle();
    });
    this.child.stderr.on(
      'data',
      (chunk: Buffer) => (this.#complaint = (this.#complaint + chunk.toString()).slice(-2000)),
    );
    this.child.stdin.on('error', () => undefined);
    this.child.on('error', (error) => this.#end(missing(this.#language, describe(error))));
    this.child.on('close', (code) => this.#end(this.#death(code)));
  }

  async read(picture: string, white: string): Promise<string> {
    const page = this.pages + 1;
    this.pages += 2;
    this.child.stdin.write(`${picture}\n${white}\n`);
    await this.#until(() => startOf(this.#out, page + 1) >= 0);
    const next = startOf(this.#out, page + 1);
    const rows = this.#out.slice(Math.max(0, startOf(this.#out, page)), next);
    this.#out = this.#out.slice(next);
    return rows;
  }

  #until(done: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(failed(`no answer within ${LONGEST_MS / 1000} s`)), LONGEST_MS);
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        this.#waiting = undefined;
        if (error) reject(error);
        else resolve();
      };
      this.#waiting = { done, settle };
      if (this.#over) settle(this.#over);
    });
  }

  #end(error: Error): void {
    this.#over ??= error;
    this.#waiting?.settle(this.#over);
  }

  #death(code: number | null): Fault {
    const why = this.#complaint.trim().replace(/\s+/g, ' ');
    const absent =
      code === 127 ||
      /failed to run command|could ?n.t load any languages|error opening data file/i.test(why);
    return absent ? missing(this.#language, why) : failed(`it ended with ${code ?? 'a signal'}: ${why}`);
  }
}

/** Where a page begins in the output: its row of level 1. */
const startOf = (out: string, page: number): number => out.search(new RegExp(`^1\\t${page}\\t`, 'm'));

const missing = (language: string, why: string): Fault =>
  new Fault(
    `The text of the screen can't be read: Tesseract or its language "${language}" is missing (${why})`,
    {
      code: 'ocr-missing',
      blame: 'harness',
      remedy: installTesseract(language.split('+')),
    },
  );

/** @param languages Tesseract's own names: `chi_sim` */
export const installTesseract = (languages: readonly string[]): string =>
  `Install it: apt-get install tesseract-ocr ${languages
    .map((one) => `tesseract-ocr-${one.replace('_', '-')}`)
    .join(' ')}`;

const failed = (why: string): Fault =>
  new Fault(`The text of the screen can't be read: Tesseract failed (${why})`, {
    code: 'ocr-failed',
    blame: 'harness',
    retryable: true,
    remedy: 'Run it again; if that does not help, reinstall the package tesseract-ocr.',
  });
