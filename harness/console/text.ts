import type { Frame } from './console.ts';
import { doubled, inkOf, toPgm } from './text/ink.ts';
import { Tesseract } from './text/tesseract.ts';
import { parseTsv, type Line } from './text/tsv.ts';

export { findText, type Found, type MatchOptions } from './text/match.ts';
export { lineOf, textOf, type Line } from './text/tsv.ts';

export interface ReadOptions {
  /** Reads a picture of double size: slower, but better with small print. */
  readonly large?: boolean;
}

/** The eye: reads what is written on a frame. */
export interface TextReader {
  /** @throws Fault `ocr-missing` or `ocr-failed` (harness) */
  read(frame: Frame, options?: ReadOptions): Promise<readonly Line[]>;
  close(): Promise<void>;
}

/**
 * A reader that keeps one Tesseract process, started on first use. About 0.12 s a frame of 1024 x 768.
 * @param language Tesseract's name of it: `eng`
 */
export function openTextReader(language = 'eng'): TextReader {
  const tesseract = new Tesseract(language);
  return {
    async read(frame, { large = false } = {}) {
      if (frame.width === 0 || frame.height === 0) return [];
      const ink = inkOf(frame);
      return parseTsv(await tesseract.read(toPgm(large ? doubled(ink) : ink)), large ? 2 : 1);
    },
    close: () => tesseract.close(),
  };
}
