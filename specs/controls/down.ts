import { OPERATING_SYSTEMS, type Control } from './control.ts';

/** What the run itself owes the machine. */
export const down: readonly Control[] = [
  {
    id: 'down.restored',
    title: 'The machine is back in the state in which the run found it',
    rationale: 'The next run must not inherit anything from this one.',
    source: { document: 'facts', section: '9' },
    severity: 'info',
    stage: 'down',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Restore the snapshot by hand with "vagrant snapshot restore".',
  },
];
