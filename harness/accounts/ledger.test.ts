import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import fc from 'fast-check';
import { Fault } from '../core/errors.ts';
import { attemptsOf, type Entry, Ledger } from './ledger.ts';

const TENANT = '11111111-2222-4333-8444-555555555555';
const NOON = '2026-05-04T12:00:00.000Z';

const aTry = (upn = 'anna@contoso.example', at = NOON): Entry & { type: 'attempt' } => ({
  type: 'attempt',
  id: randomUUID(),
  upn,
  at,
  run: 'r1',
  machine: 'win7',
});

describe('the ledger of tries', () => {
  let folder: string;
  let ledger: Ledger;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sspr-ledger-'));
    ledger = new Ledger(join(folder, 'ledger.jsonl'), TENANT);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const faultOf = (): Fault => {
    try {
      ledger.entries();
    } catch (error) {
      if (error instanceof Fault) return error;
    }
    throw new Error('the ledger was understood');
  };

  it('gives back what was added, names its tenant, and is for its owner only', () => {
    expect(ledger.entries()).toEqual([]);
    const first = aTry();
    ledger.append(first);
    ledger.append({ type: 'outcome', id: first.id, outcome: 'failed', at: NOON });
    expect(new Ledger(ledger.file, TENANT).entries()).toEqual([
      first,
      { type: 'outcome', id: first.id, outcome: 'failed', at: NOON },
    ]);
    const [head] = readFileSync(ledger.file, 'utf8').split('\n');
    expect(JSON.parse(head!)).toEqual({ type: 'ledger', version: 1, tenantId: TENANT });
    expect(statSync(ledger.file).mode & 0o777).toBe(0o600);
  });

  it('only grows', () => {
    ledger.append(aTry());
    const before = readFileSync(ledger.file, 'utf8');
    appendFileSync(ledger.file, '{"type":"att');
    ledger.append(aTry());
    expect(readFileSync(ledger.file, 'utf8').startsWith(`${before}{"type":"att`)).toBe(true);
  });

  it('loses nothing but the line in which a process was killed, wherever that was, and goes on', () => {
    const [before, cut, after] = [aTry(), aTry(), aTry()];
    ledger.append(before);
    const whole = readFileSync(ledger.file, 'utf8');
    ledger.append(cut);
    const longer = readFileSync(ledger.file, 'utf8');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: longer.length }), fc.nat(3), (length, again) => {
        const written = longer.slice(0, length);
        writeFileSync(ledger.file, written);
        // The last line counts as soon as nothing but its end is missing.
        const expected = [before, cut].slice(
          0,
          length >= longer.length - 1 ? 2 : length >= whole.length - 1 ? 1 : 0,
        );
        expect(ledger.entries()).toEqual(expected);
        // Whoever writes next may be killed as well.
        ledger.append(after);
        const next = readFileSync(ledger.file, 'utf8').slice(0, length + again);
        writeFileSync(ledger.file, next);
        ledger.append(after);
        expect(ledger.entries()).toEqual([...expected, after]);
      }),
      { numRuns: 60 },
    );
  });

  for (const [name, spoil, line, found] of [
    ['a line that is no JSON', (text: string) => `${text}nonsense\n`, 3, /something else than a line/],
    ['an unknown entry', (text: string) => `${text}{"type":"note"}\n`, 3, /something else than a line/],
    ['a try without its instant', (text: string) => text.replace(/"at":"[^"]*",/, ''), 2, /something else/],
    ['zeros, as a disk leaves them', (text: string) => `${text}\0\0\0\n`, 3, /something else/],
    ['no head', (text: string) => text.replace(/^.*\n/, ''), 1, /expected the head/],
    [
      'the head of another tenant',
      (text: string) => text.replace(TENANT, randomUUID()),
      1,
      /expected the head/,
    ],
    ['two heads', (text: string) => text + text, 3, /a second head/],
    [
      'an outcome whose try is gone',
      (text: string) =>
        `${text}${JSON.stringify({ type: 'outcome', id: randomUUID(), outcome: 'failed', at: NOON })}\n`,
      3,
      /outcome of a try that is not above/,
    ],
  ] as const) {
    it(`is refused with ${name}, naming the line, rather than forgotten`, () => {
      ledger.append(aTry());
      writeFileSync(ledger.file, spoil(readFileSync(ledger.file, 'utf8')));
      const fault = faultOf();
      expect(fault).toMatchObject({ code: 'account-ledger-unusable', blame: 'config' });
      expect(fault.message).toContain(`${ledger.file}:${line} `);
      expect(fault.message).toMatch(found);
      expect(fault.remedy).toMatch(/24 hours/);
      expect(() => ledger.append(aTry())).toThrow(fault.message);
    });
  }

  it('tells the tries of one user from those of others, in capitals or not', () => {
    const [mine, open, other] = [aTry(), aTry('ANNA@Contoso.Example'), aTry('bertil@contoso.example')];
    const end = (id: string, outcome: 'blocked' | 'failed', at: string): Entry => ({
      type: 'outcome',
      id,
      outcome,
      at,
    });
    const entries = [
      mine,
      other,
      end(mine.id, 'blocked', '2026-05-04T12:03:00.000Z'),
      end(other.id, 'failed', NOON),
      open,
    ];
    const now = Date.parse('2026-05-04T13:00:00Z');
    expect(attemptsOf('Anna@contoso.example', entries, now)).toEqual([
      { at: Date.parse('2026-05-04T12:03:00Z'), outcome: 'blocked' },
      { at: Date.parse(NOON), outcome: 'unknown' },
    ]);
  });
});
