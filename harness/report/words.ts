import type { Outcome } from '../core/outcome.ts';
import type { Observation } from '../../specs/controls/control.ts';
import type { MachineResult, RunVerdict, StageResult, TimelineResult } from './model.ts';
import { duration } from './text.ts';

/** How every report names things: one word and one symbol for each, so that no report needs colour. */
export const OUTCOME_WORDS: Readonly<Record<Outcome, { readonly word: string; readonly symbol: string }>> = {
  pass: { word: 'pass', symbol: '✓' },
  fail: { word: 'fail', symbol: '✗' },
  error: { word: 'not checked', symbol: '!' },
  skipped: { word: 'skipped', symbol: '–' },
  waived: { word: 'waived', symbol: '~' },
  notApplicable: { word: 'n/a', symbol: '·' },
};

/** For running text: `2 failed`. */
export const OUTCOME_COUNTED: Readonly<Record<Outcome, string>> = {
  pass: 'passed',
  fail: 'failed',
  error: 'could not be checked',
  skipped: 'skipped',
  waived: 'waived',
  notApplicable: 'not applicable',
};

/** For running text: `observed in the registry`. */
export const OBSERVATION_WORDS: Readonly<Record<Observation, string>> = {
  registry: 'in the registry',
  machine: 'on the machine',
  wire: 'on the wire',
  screen: 'on the screen',
  tenant: 'in the tenant',
};

export const VERDICT_WORDS: Readonly<Record<RunVerdict, string>> = {
  compliant: 'Compliant',
  notCompliant: 'Not compliant',
  couldNotCheck: 'Could not check',
  interrupted: 'Interrupted',
};

export const ENDED_WORDS: Readonly<Record<MachineResult['ended'], string>> = {
  completed: 'ran to its end',
  aborted: 'interrupted',
  died: 'its process died',
  unfinished: 'the journal breaks off',
  notStarted: 'never started',
};

export const STAGE_WORDS: Readonly<Record<StageResult['state'], string>> = {
  ok: 'done',
  failed: 'failed',
  unfinished: 'did not end',
  notReached: 'not reached',
};

/** What a time line is found to be (harness/directory/correlation.ts). Any other verdict is shown by its own name. */
const TIMELINE_WORDS: Readonly<Record<string, { readonly word: string; readonly look: Outcome }>> = {
  matched: { word: 'Matched', look: 'pass' },
  missing: { word: 'Missing', look: 'fail' },
  ambiguous: { word: 'Ambiguous', look: 'error' },
  'wrong-result': { word: 'Recorded as failed', look: 'fail' },
  unchecked: { word: 'Not checked to the end', look: 'error' },
  'not-expected': { word: 'No reset, and none recorded', look: 'skipped' },
};

export const timelineWords = ({
  verdict,
}: Pick<TimelineResult, 'verdict'>): { readonly word: string; readonly look: Outcome } =>
  TIMELINE_WORDS[verdict] ?? { word: verdict, look: 'skipped' };

/** How soon the entry of the reset could be read. By two clocks a short delay may come out below nothing. */
export function delayWords({ delayMs }: Pick<TimelineResult, 'delayMs'>): string {
  if (delayMs === null) return 'No delay could be measured.';
  const delay = delayMs < 0.5 ? 'as soon as' : `at most ${duration(delayMs)} after`;
  return `The entry of the reset was readable ${delay} it was written.`;
}

/** What was taken out of every instant of the time line. */
export function clockWords({ clock }: Pick<TimelineResult, 'clock'>): string {
  const [ahead, uncertain] = [clock.aheadSeconds, clock.uncertainSeconds].map((s) => Math.abs(s).toFixed(1));
  const side = clock.aheadSeconds < 0 ? 'behind' : 'ahead of';
  return ahead === '0.0'
    ? `The tenant's clock agrees with this host's, ± ${uncertain} s.`
    : `The tenant's clock is ${ahead} s ${side} this host's, ± ${uncertain} s; taken out.`;
}

export const LAB_TITLE = 'LAB - not a sign-off';
export const LAB_EXPLANATION =
  'The embedded lab stood in for Windows, the reset portal, the tenant and the corporate network. ' +
  'This run shows that the harness works; it proves nothing about your machines.';

const FAMILIES: Readonly<Record<string, string>> = {
  prerequisites: 'Prerequisites',
  tls: 'TLS 1.2',
  proxy: 'Proxy and firewall',
  environment: 'Around the logon screen',
  install: 'Installation',
  refusals: 'Users who may not reset',
  logon: 'Reset at the logon screen',
  audit: 'Audit in the tenant',
  logging: 'Events and verbose logging',
  uninstall: 'Removal',
  down: 'Back to the former state',
};

/** The heading of a family of controls: `Proxy and firewall` for `proxy`. */
export const familyTitle = (family: string): string =>
  FAMILIES[family] ?? family.charAt(0).toUpperCase() + family.slice(1);

const WINDOWS: Readonly<Record<string, string>> = {
  win7: 'Windows 7',
  win8: 'Windows 8',
  win81: 'Windows 8.1',
};

/** `Windows 8.1` for `win81`. */
export const osTitle = (os: string): string => WINDOWS[os] ?? os;
