import { fail, pass, type Verdict } from '../../harness/core/outcome.ts';
import type { EventRecord } from '../../harness/guest/eventlog.ts';
import type { Facts } from '../../harness/guest/facts.ts';
import { PROVIDER_KEY } from '../../harness/guest/logging.ts';
import { type Control, EVERY_MACHINE, type Subject } from './control.ts';
import { given, read, shown } from './judging.ts';

/** The traces that the add-in leaves on the machine. */
export const logging: readonly Control[] = [
  {
    id: 'logging.verbose-not-left-on',
    title: 'Verbose logging is off outside of troubleshooting',
    rationale: 'The document wants it on for troubleshooting only.',
    source: { document: 'english', lines: [71, 71] },
    severity: 'recommended',
    stage: 'checks',
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation: `Switch it off: reg add "${PROVIDER_KEY}" /v EnableLogging /t REG_DWORD /d 0 /f.`,
    judge: given(['verboseLogging'], judgeVerboseOff),
  },
  {
    id: 'logging.events-on-machine',
    title: 'The reset leaves events in the log of the machine while verbose logging is on',
    rationale:
      'Without them nobody can look into a failed reset on the machine. Later texts name the Application log and the source AADPasswordResetCredentialProvider.',
    source: { document: 'english', lines: [65, 65] },
    severity: 'required',
    stage: 'eventlog',
    observed: ['machine'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Look into the Application log for AADPasswordResetCredentialProvider, and see that the log is not full: wevtutil gl Application.',
  },
  {
    id: 'logging.verbose-on',
    title: 'Verbose logging can be switched on',
    rationale: 'Support needs it when a reset fails on one machine only: EnableLogging set to 1.',
    source: { document: 'english', lines: [71, 75] },
    severity: 'recommended',
    stage: 'eventlog',
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation: `As an administrator: reg add "${PROVIDER_KEY}" /v EnableLogging /t REG_DWORD /d 1 /f.`,
  },
  {
    id: 'logging.verbose-off',
    title: 'Verbose logging can be switched off again',
    rationale: 'What was switched on for troubleshooting must not stay on: EnableLogging set to 0.',
    source: { document: 'english', lines: [76, 76] },
    severity: 'recommended',
    stage: 'eventlog',
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation: `As an administrator: reg add "${PROVIDER_KEY}" /v EnableLogging /t REG_DWORD /d 0 /f.`,
  },
  {
    id: 'logging.none-when-off',
    title: 'The add-in logs nothing more once verbose logging is off',
    rationale:
      'EnableLogging 0 is to switch the log off. No text says whether nothing at all is logged then, so what comes is reported and decides nothing.',
    source: { document: 'english', lines: [76, 76] },
    severity: 'informational',
    stage: 'eventlog',
    needs: ['install'],
    observed: ['machine'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Read the entries: what the add-in logs on every machine fills the Application log.',
  },
];

function judgeVerboseOff({ facts }: Subject): Verdict {
  const enabled = read('EnableLogging', facts.verboseLogging);
  const detail = { expected: 'EnableLogging absent or 0x0', observed: shown('EnableLogging', enabled) };
  return enabled === undefined || enabled === 0
    ? pass('Verbose logging is off', detail)
    : fail('Verbose logging is on', detail);
}

/** Decides `logging.events-on-machine` from the entries of the add-in since the click on the link. */
export function judgeEvents(events: readonly EventRecord[]): Verdict {
  const expected = 'at least one entry of the add-in in the Application log';
  const observed = events.map(inWords);
  return events.length > 0
    ? pass(`${events.length} entries of the add-in`, { expected, observed: observed.join('; ') })
    : fail('The add-in has left no entry', { expected, observed: 'no entry' });
}

/** Decides `logging.none-when-off` from the entries of the add-in around a visit to the reset page. */
export function judgeSilence(events: readonly EventRecord[]): Verdict {
  const expected = 'no entry of the add-in around a visit to the reset page';
  return events.length === 0
    ? pass('The add-in has left no entry', { expected, observed: 'no entry' })
    : fail(`${events.length} entries of the add-in although verbose logging is off`, {
        expected,
        observed: events.map(inWords).join('; '),
      });
}

const inWords = ({ time, eventId, data }: EventRecord): string =>
  `${time} event ${eventId} ${data.join(' ')}`.trim();

/**
 * Decides `logging.verbose-on` and `logging.verbose-off` from EnableLogging as read after it was switched.
 * @throws Fault `unreadable`
 */
export function judgeSwitched(to: 'on' | 'off', verboseLogging: Facts['verboseLogging']): Verdict {
  const value = read('EnableLogging', verboseLogging);
  const wanted = to === 'on' ? 1 : 0;
  const detail = { expected: shown('EnableLogging', wanted), observed: shown('EnableLogging', value) };
  return value === wanted
    ? pass(`Verbose logging is ${to}`, detail)
    : fail(`Verbose logging was not switched ${to}`, detail);
}
