import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import fc from 'fast-check';
import { EXAMPLE_CONFIG } from '../config/example.ts';
import { LAB_CONFIG, parseConfig } from '../config/load.ts';
import type { RunEvent, TimelineRow } from '../core/journal.ts';
import { learnClientTypes, type LearnOptions, withClientTypes } from './learn.ts';

const LAB = 'version: 1\nmachines: [{ name: win7, os: win7 }]\n';
const clientTypesOf = (text: string): readonly string[] => parseConfig(text, 'sspr.yaml').policy.clientTypes;

describe('the client types in a configuration', () => {
  it('are added in one place, and every other letter stays', () => {
    for (const [before, after] of [
      [
        `${LAB}policy:\n  tls: strict # why\n`,
        `${LAB}policy:\n  clientTypes: ["a, b", "c"]\n  tls: strict # why\n`,
      ],
      [
        `policy: # of the house\n    # about TLS\n    tls: strict\n${LAB}`,
        `policy: # of the house\n    clientTypes: ["a, b", "c"]\n    # about TLS\n    tls: strict\n${LAB}`,
      ],
      [`${LAB}policy: { tls: strict }\n`, `${LAB}policy: { clientTypes: ["a, b", "c"], tls: strict }\n`],
      [`${LAB}policy: {}\n`, `${LAB}policy: { clientTypes: ["a, b", "c"],}\n`],
      [`${LAB}policy: {clientTypes: [x]}\n`, `${LAB}policy: {clientTypes: [x, "a, b", "c"]}\n`],
      [`${LAB}policy:\n  clientTypes: [] # any\n`, `${LAB}policy:\n  clientTypes: ["a, b", "c"] # any\n`],
      [
        `policy:\n  clientTypes:\n    # of the pilot\n    - x # seen in May\n  tls: strict\n${LAB}`,
        `policy:\n  clientTypes:\n    # of the pilot\n    - x # seen in May\n    - "a, b"\n    - "c"\n  tls: strict\n${LAB}`,
      ],
      [LAB, `${LAB}\npolicy:\n  clientTypes: ["a, b", "c"]\n`],
      [
        '{version: 1, machines: [{name: a, os: win7}]}',
        '{ policy: { clientTypes: ["a, b", "c"] },version: 1, machines: [{name: a, os: win7}]}',
      ],
    ] as const) {
      expect(withClientTypes(before, ['a, b', 'c'], 'sspr.yaml')).toBe(after);
      const windows = (text: string) => text.replaceAll('\n', '\r\n');
      expect(withClientTypes(windows(before), ['a, b', 'c'], 'sspr.yaml')).toBe(windows(after));
    }
  });

  it('are those that were learnt, whatever they are', () => {
    const value = fc.oneof(fc.string({ minLength: 1 }), fc.string({ minLength: 1, unit: 'binary' }));
    const layout = fc.constantFrom(
      EXAMPLE_CONFIG,
      LAB,
      `${LAB}policy:\n  clientTypes:\n  - x\n`,
      `${LAB}policy: {clientTypes: [x, ]}`,
    );
    fc.assert(
      fc.property(layout, fc.uniqueArray(value, { minLength: 1, maxLength: 3 }), (text, values) => {
        const edited = withClientTypes(text, values, 'sspr.yaml');
        expect(clientTypesOf(edited)).toEqual([...clientTypesOf(text), ...values]);
      }),
      { numRuns: 60 },
    );
  });

  it('are left to the reader where the file is written in another way', () => {
    const text = `${LAB}policy: &p\n  tls: strict\n`;
    expect(withClientTypes(text, ['a'], 'sspr.yaml')).toContain('clientTypes: ["a"]');
    const list = `${LAB}policy:\n  egressAddresses: &none []\n  clientTypes: *none\n`;
    expect(() => withClientTypes(list, ['a'], 'sspr.yaml')).toThrow(
      expect.objectContaining({ code: 'config-not-editable', remedy: expect.stringContaining('["a"]') }),
    );
  });
});

describe('sspr learn client-types', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-learn-'));
  const config = join(folder, 'sspr.yaml');
  const options = { print: false, fromLab: false, config };
  let runs = 0;
  let printed = '';
  const learn = (run: string, change: Partial<LearnOptions> = {}): number =>
    learnClientTypes(run, { ...options, ...change }, (line) => (printed += `${line}\n`));

  beforeEach(() => {
    printed = '';
    writeFileSync(config, LAB);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const row = (clientType: string | null, own = true): TimelineRow => ({
    action: null,
    entry: {
      id: 'id',
      at: '2026-11-21T10:00:00Z',
      activity: 'Reset password (self-service)',
      result: 'success',
      reason: '',
      correlationId: 'c',
      ipAddress: '192.0.2.1',
      clientType,
      seenAt: '2026-11-21T10:02:00Z',
    },
    differenceMs: null,
    own,
  });
  const timeline = (machine: string, verdict: string, rows: TimelineRow[]): RunEvent => ({
    type: 'timeline',
    machine,
    stage: 'audit',
    user: 'anna@contoso.example',
    clock: { aheadSeconds: 0, uncertainSeconds: 1 },
    verdict,
    reason: '',
    delayMs: 1000,
    rows,
  });

  /** A run of these events. @returns its folder */
  function runOf(events: readonly RunEvent[], lab = false): string {
    const run = join(folder, `run-${++runs}`);
    mkdirSync(run);
    const plan = {
      machines: [],
      controls: [],
      lab,
      versions: {},
      package: { path: '', sha256: '' },
      arguments: [],
    };
    const all: RunEvent[] = [{ type: 'run-started', run: 'run', plan }, ...events];
    writeFileSync(join(run, 'events.jsonl'), all.map((event) => `${JSON.stringify(event)}\n`).join(''));
    return run;
  }
  const MATCHED = [
    timeline('win7', 'matched', [row('Win7Addin'), row(null), row('Web', false)]),
    timeline('win81', 'matched', [row('Win7Addin'), row('Win81Addin')]),
    timeline('win8', 'ambiguous', [row('Unsure')]),
  ];

  it('adds what own entries of matched resets carry, and says where it was seen', () => {
    const run = runOf(MATCHED);
    expect(learn(run)).toBe(0);
    expect(clientTypesOf(readFileSync(config, 'utf8'))).toEqual(['Win7Addin', 'Win81Addin']);
    expect(printed).toContain('"Win7Addin", seen on win7, win81: added\n');
    expect(printed).toContain('2 values added to policy.clientTypes of ');

    const once = readFileSync(config, 'utf8');
    learn(run);
    expect(readFileSync(config, 'utf8')).toBe(once);
    expect(printed).toContain('"Win81Addin", seen on win81: there already\n');
  });

  it('keeps the mode of the file and the link to it, and leaves nothing beside it', () => {
    const link = join(folder, 'link.yaml');
    symlinkSync(config, link);
    chmodSync(config, 0o640);
    learn(runOf(MATCHED), { config: link });
    expect(statSync(config).mode & 0o777).toBe(0o640);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(clientTypesOf(readFileSync(config, 'utf8'))).toHaveLength(2);
    expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  it('leaves a file alone that is not to be written', () => {
    chmodSync(config, 0o444);
    expect(() => learn(runOf(MATCHED))).toThrow(
      expect.objectContaining({ code: 'config-not-writable', message: expect.stringContaining('read-only') }),
    );
    expect(readFileSync(config, 'utf8')).toBe(LAB);
    chmodSync(config, 0o644);
  });

  it('changes nothing with --print', () => {
    learn(runOf(MATCHED), { print: true });
    expect(readFileSync(config, 'utf8')).toBe(LAB);
    expect(printed).toContain('"Win81Addin", seen on win81: would be added\n');
  });

  it('refuses, with one reason each, and changes nothing', () => {
    writeFileSync(join(folder, 'wrong.yaml'), 'version: 2\n');
    for (const [run, change, code] of [
      [runOf(MATCHED, true), {}, 'lab-run'],
      [runOf([timeline('win7', 'missing', [row('x')])]), {}, 'nothing-to-learn'],
      [runOf([timeline('win7', 'matched', [row(null)])]), {}, 'nothing-to-learn'],
      [join(folder, 'nowhere'), {}, 'no-journal'],
      [runOf(MATCHED), { config: LAB_CONFIG }, 'config-missing'],
      [runOf(MATCHED), { config: join(folder, 'nowhere.yaml') }, 'config-missing'],
      [runOf(MATCHED), { config: join(folder, 'wrong.yaml') }, 'config-invalid'],
    ] as const) {
      expect(() => learn(run, change), code).toThrow(expect.objectContaining({ code, blame: 'config' }));
      expect(readFileSync(config, 'utf8')).toBe(LAB);
    }
    expect(learn(runOf(MATCHED, true), { fromLab: true })).toBe(0);
  });
});
