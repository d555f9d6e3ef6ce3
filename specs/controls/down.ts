import { isDeepStrictEqual } from 'node:util';
import { fail, pass, type Verdict } from '../../harness/core/outcome.ts';
import type { Facts } from '../../harness/guest/facts.ts';
import { type Control, EVERY_MACHINE } from './control.ts';
import { firstUnread } from './judging.ts';

/** What the run itself owes the machine. */
export const down: readonly Control[] = [
  {
    id: 'down.restored',
    title: 'The machine is back in the state in which the run found it',
    rationale: 'The next run must not inherit anything from this one.',
    source: { document: 'facts', section: '9' },
    severity: 'informational',
    stage: 'down',
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Restore the snapshot by hand with "vagrant snapshot restore".',
  },
];

/** The parts of the facts that a run changes. */
const CHANGED = ['credentialProviders', 'products', 'verboseLogging'] as const;

/** Decides `down.restored` from the facts before the installation and those of the restored machine. */
export function judgeRestored(before: Facts, now: Facts): Verdict {
  const unread = firstUnread(CHANGED, before) ?? firstUnread(CHANGED, now);
  if (unread !== undefined) return unread;
  const others = CHANGED.filter((part) => !isDeepStrictEqual(before[part], now[part]));
  const detail = {
    expected: `${CHANGED.join(', ')} as before the run`,
    observed: others.length === 0 ? 'the same' : `others: ${others.join(', ')}`,
  };
  return others.length === 0
    ? pass('The machine is back in the state before the run', detail)
    : fail('The restored machine is not as it was before the run', detail);
}
