import type { Outcome, Verdict } from '../../harness/core/outcome.ts';
import { msiExit, type MsiExitClass } from '../../harness/guest/msiexec-codes.ts';

type MsiAction = 'install' | 'uninstall';

/** Exit codes that say nothing of package and machine (another installation runs, a wrong command line) are errors. */
const BY_EXIT: Readonly<Record<MsiExitClass, Readonly<Record<MsiAction, Outcome>>>> = {
  success: { install: 'pass', uninstall: 'pass' },
  reboot: { install: 'pass', uninstall: 'pass' },
  absent: { install: 'fail', uninstall: 'pass' },
  retry: { install: 'error', uninstall: 'error' },
  usage: { install: 'error', uninstall: 'error' },
  environment: { install: 'fail', uninstall: 'fail' },
  package: { install: 'fail', uninstall: 'fail' },
  failed: { install: 'fail', uninstall: 'fail' },
};

/** Decides `install.exit-code` and `uninstall.exit-code` from what msiexec returned. */
export function judgeExitCode(action: MsiAction, exitCode: number): Verdict {
  const exit = msiExit(exitCode);
  const outcome = BY_EXIT[exit.class][action];
  return {
    outcome,
    summary: `msiexec ended with ${exit.code}: ${exit.meaning}`,
    expected:
      action === 'install' ? '0, 1641 or 3010' : '0, 1641 or 3010; 1605 when there was nothing to remove',
    observed: `${exit.code} ${exit.name}`,
    ...(outcome === 'pass' ? {} : { remediation: exit.remedy }),
  };
}
