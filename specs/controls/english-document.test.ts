import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { expect } from '@playwright/test';
import { CATALOGUE } from './catalogue.ts';
import { ENGLISH_DOCUMENT, STATEMENTS } from './english-document.ts';

const LINES = Array.from({ length: ENGLISH_DOCUMENT.lines }, (_, index) => index + 1);
const within = (line: number, [first, last]: readonly [number, number]): boolean =>
  first <= line && line <= last;

describe('The English document', () => {
  it('has at least one control for each of its statements, all of which exist', () => {
    const known = new Set(CATALOGUE.map(({ id }) => id));
    for (const { id, controls } of STATEMENTS) {
      expect(controls.length, id).toBeGreaterThan(0);
      expect(
        controls.filter((control) => !known.has(control)),
        id,
      ).toEqual([]);
    }
  });

  it('has its statements in order, each with an id and a line range of its own kind', () => {
    expect(new Set(STATEMENTS.map(({ id }) => id)).size).toBe(STATEMENTS.length);
    expect(STATEMENTS.map(({ lines }) => lines[0])).toEqual(
      STATEMENTS.map(({ lines }) => lines[0]).sort((a, b) => a - b),
    );
    for (const { id, lines, says } of STATEMENTS) {
      expect(lines[0], id).toBeLessThanOrEqual(lines[1]);
      expect(lines[1], id).toBeLessThanOrEqual(ENGLISH_DOCUMENT.lines);
      expect(says, id).not.toBe('');
      const asksForNothing = LINES.filter((line) =>
        ENGLISH_DOCUMENT.structure.some((range) => within(line, range)),
      );
      expect(
        asksForNothing.some((line) => within(line, lines)),
        id,
      ).toBe(false);
    }
  });

  it('is the one that the line numbers speak of, with no line left out', function () {
    const file = process.env.SSPR_ENGLISH_DOCUMENT ?? '';
    if (!existsSync(file)) {
      console.log(
        '      SSPR_ENGLISH_DOCUMENT names no file: the line numbers were not compared with the document.',
      );
      this.skip();
    }
    const text = readFileSync(file, 'utf8');
    expect(createHash('sha256').update(text).digest('hex')).toBe(ENGLISH_DOCUMENT.sha256);

    const lines = text.replace(/\n$/, '').split('\n');
    expect(lines.length).toBe(ENGLISH_DOCUMENT.lines);
    const covered = [...ENGLISH_DOCUMENT.structure, ...STATEMENTS.map((statement) => statement.lines)];
    const leftOut = LINES.filter(
      (line) => lines[line - 1]?.trim() !== '' && !covered.some((range) => within(line, range)),
    );
    expect(leftOut).toEqual([]);

    for (const { id, lines: range, says } of STATEMENTS) {
      expect(
        LINES.some((line) => within(line, range) && lines[line - 1]?.trim() !== ''),
        id,
      ).toBe(true);
      expect(text.includes(says), `${id} is to be in our own words`).toBe(false);
    }
  });
});
