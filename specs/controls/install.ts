import { couldNotCheck, fail, pass, type Verdict } from '../../harness/core/outcome.ts';
import { SSPR_CLSID } from '../../harness/guest/facts.ts';
import { OPERATING_SYSTEMS, type Control, type Subject } from './control.ts';
import { foreignProviders, resetProvider } from './credential-providers.ts';
import { given, read } from './judging.ts';

/** The add-in on the machine. */
export const install: readonly Control[] = [
  {
    id: 'install.package-identified',
    title: 'The package is known by its name and SHA-256',
    rationale:
      'Microsoft offers it in the Download Center. The hash tells which of its builds a result speaks of.',
    source: { document: 'english', lines: [39, 39] },
    severity: 'info',
    stage: 'install',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Download the package from https://aka.ms/sspraddin and name it in the configuration.',
  },
  {
    id: 'install.package-fits-machine',
    title: 'The package is the one for this Windows',
    rationale:
      'There is an installer for each kind of Windows. A 32-bit credential provider is not loaded by 64-bit Windows.',
    source: { document: 'english', lines: [37, 37] },
    severity: 'major',
    stage: 'install',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Download the installer for the version and architecture of this Windows.',
  },
  {
    id: 'install.exit-code',
    title: 'The silent installation succeeds',
    rationale:
      'A rollout installs with "msiexec /i SsprWindowsLogon.PROD.msi /qn"; only its exit code tells how it went.',
    source: { document: 'english', lines: [41, 50] },
    severity: 'critical',
    stage: 'install',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Look up the exit code, and read the kept log of the installation.',
  },
  {
    id: 'install.log-kept',
    title: 'The installation leaves a log that is kept with the results',
    rationale: 'A silent installation that fails says why in its log only.',
    source: { document: 'facts', section: '7.4' },
    severity: 'minor',
    stage: 'install',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Let msiexec write a log (/l*v) into a folder that exists and may be written.',
  },
  {
    id: 'install.restarted',
    title: 'The machine is restarted after the installation',
    rationale: 'The document highly recommends it: the logon screen loads its credential providers anew.',
    source: { document: 'english', lines: [42, 42] },
    severity: 'minor',
    stage: 'reboot',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Restart the machine.',
  },
  {
    id: 'install.registered',
    title: 'The add-in is registered as a credential provider and its DLL is there',
    rationale: 'The logon screen shows the link only when it can load the credential provider.',
    source: { document: 'english', lines: [41, 73] },
    severity: 'critical',
    stage: 'checks',
    needs: ['install'],
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Uninstall the add-in, install it again and restart.',
    judge: given(['credentialProviders'], judgeRegistration),
  },
  {
    id: 'install.uninstall-entry',
    title: 'The add-in stands among the installed programs',
    rationale: 'Without an entry it cannot be found by an inventory, nor removed by hand.',
    source: { document: 'facts', section: '9' },
    severity: 'minor',
    stage: 'checks',
    needs: ['install'],
    appliesTo: OPERATING_SYSTEMS,
    remediation:
      'Install the add-in again; where it is named otherwise in your package, nothing needs to be done.',
    judge: given(['products'], ({ facts: { products } }) => {
      const expected = 'an entry below Uninstall whose name speaks of the add-in';
      const observed = products.map(({ key, displayName, displayVersion }) =>
        `${displayName || key} ${displayVersion}`.trim(),
      );
      return observed.length > 0
        ? pass('The add-in has an entry', { expected, observed: observed.join('; ') })
        : fail('No entry speaks of the add-in', { expected, observed: 'no such entry' });
    }),
  },
  {
    id: 'install.provider-count',
    title: 'At most one credential provider of another maker is enabled',
    rationale:
      'With more than one, each user has more than one tile on the logon screen, and people choose the wrong one.',
    source: { document: 'english', lines: [61, 61] },
    severity: 'minor',
    stage: 'checks',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Disable the other credential providers, or tell people which tile is theirs.',
    judge: given(['credentialProviders'], judgeProviderCount),
  },
];

function judgeRegistration({ facts }: Subject): Verdict {
  const expected = `${SSPR_CLSID} registered and enabled, with a DLL that exists`;
  const provider = resetProvider(facts);
  if (provider === undefined) {
    return fail('The add-in is not registered as a credential provider', {
      expected,
      observed: 'not registered',
    });
  }
  const dll = read('InprocServer32 of the add-in', provider.dll);
  const observed = `${provider.name || provider.clsid}${provider.disabled ? ', disabled' : ''}, DLL ${dll ?? 'not named'}`;
  if (provider.disabled)
    return fail('The credential provider of the add-in is disabled', { expected, observed });
  if (dll === undefined) return fail('The registration names no DLL', { expected, observed });
  if (provider.dllExists === null)
    return couldNotCheck('Whether the DLL exists is not known', { expected, observed });
  return provider.dllExists
    ? pass('The add-in is registered and its DLL is there', { expected, observed })
    : fail('The DLL of the add-in is missing', { expected, observed: `${observed}, missing` });
}

function judgeProviderCount({ facts }: Subject): Verdict {
  const foreign = foreignProviders(facts);
  const detail = {
    expected: 'at most 1 of another maker than Microsoft',
    observed: `${foreign.length}: ${foreign.map(({ name, clsid }) => `${name} ${clsid}`.trim()).join(', ') || 'none'}`,
  };
  return foreign.length <= 1
    ? pass('Credential providers of other makers do not multiply the tiles', detail)
    : fail(
        `${foreign.length} credential providers of other makers: each user has more than one tile`,
        detail,
      );
}

/** Decides `install.package-fits-machine`. */
export function judgeArchitecture(ofPackage: string, ofMachine: string): Verdict {
  const detail = { expected: `a package for ${ofMachine}`, observed: `a package for ${ofPackage}` };
  return ofPackage === ofMachine
    ? pass('The package fits the machine', detail)
    : fail(`The package is for ${ofPackage}, the machine is ${ofMachine}`, detail);
}

/** Two readings of one boot time may differ by this much, in milliseconds. */
const JITTER_MS = 1000;

/**
 * Decides `install.restarted` and `uninstall.restarted`.
 * @param before boot time before the restart was asked for, by the guest's clock, ISO 8601
 * @param after boot time as read after it
 */
export function judgeRestart(before: string, after: string): Verdict {
  const detail = { expected: `a boot time after ${before}`, observed: after };
  const [from, to] = [Date.parse(before), Date.parse(after)];
  if (Number.isNaN(from) || Number.isNaN(to))
    return couldNotCheck('The guest did not tell its boot time', detail);
  return to - from > JITTER_MS
    ? pass('The machine was restarted', detail)
    : fail('The machine was not restarted', detail);
}
