import { fail, pass, type Verdict } from '../../harness/core/outcome.ts';
import { SSPR_CLSID } from '../../harness/guest/facts.ts';
import { type Control, EVERY_MACHINE, type Subject } from './control.ts';
import { resetProvider } from './credential-providers.ts';
import { given, read } from './judging.ts';

/** The way back. */
export const uninstall: readonly Control[] = [
  {
    id: 'uninstall.exit-code',
    title: 'The silent removal succeeds',
    rationale: 'A rollout that cannot be taken back is a risk: "msiexec /x SsprWindowsLogon.PROD.msi /qn".',
    source: { document: 'english', lines: [51, 51] },
    severity: 'required',
    stage: 'uninstall',
    needs: ['install'],
    observed: ['machine'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Look up the exit code, and read the kept log of the removal: msiexec /x SsprWindowsLogon.PROD.msi /qn /norestart /l*v remove.log.',
  },
  {
    id: 'uninstall.registration-gone',
    title: 'No credential provider of the add-in is registered any more',
    rationale: 'A registration that stays behind makes the logon screen look for a DLL that is gone.',
    source: { document: 'english', lines: [51, 51] },
    severity: 'required',
    stage: 'uninstall',
    needs: ['install'],
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation: `Once the package is uninstalled: reg delete "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Authentication\\Credential Providers\\${SSPR_CLSID}" /f.`,
    judge: given(['credentialProviders'], judgeGone),
  },
  {
    id: 'uninstall.no-leftovers',
    title: 'Nothing of the add-in stays on the machine',
    rationale: 'What stays behind confuses inventories, and the next installation.',
    source: { document: 'english', lines: [51, 51] },
    severity: 'recommended',
    stage: 'uninstall',
    needs: ['install'],
    observed: ['registry', 'machine'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Remove by hand what is named, once the package is uninstalled.',
  },
  {
    id: 'uninstall.restarted',
    title: 'The machine is restarted after the removal',
    rationale:
      'The logon screen drops its credential providers with a restart only, so what it shows counts from then on.',
    source: { document: 'facts', section: '9' },
    severity: 'recommended',
    stage: 'uninstall',
    observed: ['machine'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Restart the machine: shutdown /r /t 0.',
  },
  {
    id: 'uninstall.link-gone',
    title: 'The logon screen shows no link "Forgot password?" any more',
    rationale: 'It shows that the removal has reached what people see.',
    source: { document: 'english', lines: [51, 51] },
    severity: 'required',
    stage: 'uninstall',
    needs: ['install'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Restart the machine; then see uninstall.registration-gone.',
  },
];

/** Decides `uninstall.no-leftovers` from the places, in words, where something of the add-in still is. */
export function judgeLeftovers(places: readonly string[]): Verdict {
  const detail = {
    expected: 'no DLL, no entry among the installed programs, no class, no credential provider key',
    observed: places.join('; ') || 'none of them',
  };
  return places.length === 0
    ? pass('Nothing of the add-in is left', detail)
    : fail(`Left behind: ${places.join('; ')}`, detail);
}

function judgeGone({ facts }: Subject): Verdict {
  const expected = `${SSPR_CLSID} not registered`;
  const provider = resetProvider(facts);
  if (provider === undefined)
    return pass('The registration is gone', { expected, observed: 'not registered' });

  const dll = read('InprocServer32 of the add-in', provider.dll);
  // An EnableLogging that was set by hand keeps the key alive; without a COM class nothing can be loaded through it.
  return dll === undefined
    ? pass('Only an empty registration is left, which loads nothing', {
        expected,
        observed: 'registered, no DLL named',
      })
    : fail('The registration is still there', { expected, observed: `registered, DLL ${dll}` });
}
