import { expect } from '@playwright/test';
import { cells, painter } from '../report/ansi.ts';
import { renderMatrix, renderProgress } from './matrix.ts';
import { hasCome } from './moments.ts';
import { htmlProof } from './page.ts';
import type { FaultProof, Proof } from './proof.ts';

const ran = {
  machine: 'win7',
  language: 'en',
  state: 'installed',
  stages: ['checks'],
  error: null,
  tries: 1,
  ms: 30_000,
  exit: 1,
  report: 'runs/one/20261121T210000Z-lab/report.html',
} as const;

const fault = (id: string, more: Partial<FaultProof>): FaultProof => ({
  ...ran,
  id,
  title: `The fault ${id}`,
  area: 'guest',
  source: 'facts 2.1',
  text: `id: ${id}\nseed: <script>alert(1)</script>\n`,
  findings: [],
  result: 'proven',
  ...more,
});

const CAUGHT = {
  kind: 'caught',
  control: 'tls.client-enabled',
  was: 'pass',
  is: 'fail',
  text: 'Enabled is 0',
} as const;
const MISSED = {
  kind: 'missed',
  control: 'tls.handshake',
  was: 'pass',
  is: 'pass',
  text: 'expected fail',
} as const;

const PROOF: Proof = {
  schema: 'sspr-logon-compliance/proof/1',
  startedAt: '2026-11-21T21:00:00.000Z',
  ms: 61_000,
  all: true,
  jobs: 2,
  exitCode: 1,
  baselines: [{ ...ran, exit: 0, findings: [], result: 'proven', serves: ['off', 'half', 'odd'] }],
  faults: [
    fault('off', { findings: [CAUGHT] }),
    fault('harmless', { area: 'tenant' }),
    fault('half', { findings: [CAUGHT, MISSED], result: 'unproven' }),
    fault('odd', {
      error: 'Could not seed: "reg add" ended with 1',
      result: 'error',
      report: null,
      exit: null,
    }),
  ],
  controls: [
    { id: 'tls.client-enabled', title: 'TLS 1.2 is enabled', catches: ['off', 'half'] },
    { id: 'tls.handshake', title: 'The handshake comes through', catches: [] },
  ],
};

describe('the reports of a proof', () => {
  const lines = renderMatrix(PROOF, { color: false, columns: 100, reportPath: 'prove.html' }).split('\n');
  const lineOf = (id: string) => lines.find((line) => line.includes(` ${id} `));

  it('show at the terminal what has caught each fault, within its width', () => {
    expect(lineOf('off')).toMatch(/^ {2}✓ off +win7 +tls\.client-enabled$/);
    expect(lineOf('harmless')).toMatch(/✓ .*changes nothing, as it should/);
    expect(lineOf('half')).toMatch(/^ {2}✗/);
    expect(lineOf('odd')).toMatch(/^ {2}!/);
    expect(Math.max(...lines.map(cells))).toBeLessThanOrEqual(99);
  });

  it('name what was missed, what could not be tried, and what nothing proves', () => {
    const text = lines.join('\n');
    expect(text).toContain('MISSED tls.handshake (pass): expected fail');
    expect(text).toContain('COULD NOT BE TRIED: Could not seed');
    expect(text).toMatch(/Caught nothing here\n {2}tls\.handshake\n/);
    expect(text).toContain(
      '2 of 4 faults are caught by exactly the controls that should catch them. 1 is not. 1 could not',
    );
    const some = renderMatrix({ ...PROOF, all: false }, { color: false, columns: 100, reportPath: '' });
    expect(some).not.toContain('Caught nothing here');
  });

  it('tell of each as soon as it is through', () => {
    const [off, , half] = PROOF.faults;
    expect(renderProgress(off!, [3, 12], painter(false))).toBe('[ 3/12] ✓ proven off, 30.0 s');
    expect(renderProgress(half!, [4, 12], painter(false))).toMatch(
      /NOT PROVEN half, 30\.0 s: MISSED tls\.handshake/,
    );
  });

  it('are a page that runs nothing and links the report of each run', () => {
    const page = htmlProof(PROOF);
    expect(page).toContain('default-src &#39;none&#39;');
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;');
    expect(page).toContain('href="./runs/one/20261121T210000Z-lab/report.html"');
    expect(page).toMatch(/<title>LAB: Not proven/);
    expect(page).toContain('half: tls.handshake');
  });
});

describe('the moment for a step', () => {
  const at = { machine: 'win7', stage: 'logon', seq: 1, at: '' };
  const moment = (when: 'during' | 'after', says?: string) => ({
    when,
    says,
    stage: 'logon' as const,
    seed: [],
  });

  it('is the beginning or the end of a stage, or what is said in it', () => {
    const started = { ...at, type: 'stage-started', title: 'Reset' } as const;
    const ended = { ...at, type: 'stage-ended', ms: 1, ok: true } as const;
    const step = { ...at, type: 'step', text: 'goes through the reset, once' } as const;
    expect(hasCome(moment('during'), started)).toBe(true);
    expect(hasCome(moment('during'), { ...started, stage: 'checks' })).toBe(false);
    expect(hasCome(moment('after'), started)).toBe(false);
    expect(hasCome(moment('after'), ended)).toBe(true);
    expect(hasCome(moment('during', 'Goes through'), step)).toBe(true);
    expect(hasCome(moment('during', 'goes through'), started)).toBe(false);
  });
});
