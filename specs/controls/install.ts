import { isDeepStrictEqual } from 'node:util';
import { couldNotCheck, fail, pass, type Verdict } from '../../harness/core/outcome.ts';
import { type CredentialProvider, type Facts, SSPR_CLSID } from '../../harness/guest/facts.ts';
import type { MsiFacts } from '../../harness/guest/msi.ts';
import type { MsiSignature } from '../../harness/guest/msi-signature.ts';
import { type Control, EVERY_MACHINE, type Subject } from './control.ts';
import { foreignProviders, resetProvider } from './credential-providers.ts';
import { judgeExitCode } from './exit-codes.ts';
import { firstUnread, given, read } from './judging.ts';

/** The add-in on the machine. */
export const install: readonly Control[] = [
  {
    id: 'install.package-identified',
    title: 'The package is known by its name and SHA-256',
    rationale:
      'Microsoft offers it in the Download Center. The hash tells which of its builds a result speaks of.',
    source: { document: 'english', lines: [39, 39] },
    severity: 'informational',
    stage: 'install',
    observed: ['machine'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Download the package from https://aka.ms/sspraddin and name it in the configuration.',
  },
  {
    id: 'install.package-signed',
    title: 'The package carries a signature that holds',
    rationale:
      'What is installed at the logon screen of every machine should be what its maker has made. Whether Windows trusts the signer is not checked here.',
    source: { document: 'facts', section: '9' },
    severity: 'recommended',
    stage: 'install',
    observed: ['machine'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Download the package again, from Microsoft: https://aka.ms/sspraddin. Compare its hash: certutil -hashfile SsprWindowsLogon.PROD.msi SHA256.',
  },
  {
    id: 'install.package-fits-machine',
    title: 'The package is the one for this Windows',
    rationale:
      'There is an installer for each kind of Windows. A 32-bit credential provider is not loaded by 64-bit Windows.',
    source: { document: 'english', lines: [37, 37] },
    severity: 'required',
    stage: 'install',
    observed: ['machine'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Download the installer for the version and architecture of this Windows.',
  },
  {
    id: 'install.upgrade',
    title: 'An earlier version is replaced by this one',
    rationale:
      'Machines that have the add-in already get a new version on top of it, and must end with one entry and a working registration.',
    source: { document: 'facts', section: '9' },
    severity: 'recommended',
    stage: 'install',
    observed: ['machine', 'registry'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Uninstall the earlier version (msiexec /x OLD.msi /qn /norestart), restart, and install the new one.',
  },
  {
    id: 'install.exit-code',
    title: 'The silent installation succeeds',
    rationale:
      'A rollout installs with "msiexec /i SsprWindowsLogon.PROD.msi /qn"; only its exit code tells how it went.',
    source: { document: 'english', lines: [41, 50] },
    severity: 'required',
    stage: 'install',
    observed: ['machine'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Look up the exit code, and read the kept log of the installation: msiexec /i SsprWindowsLogon.PROD.msi /qn /norestart /l*v install.log.',
  },
  {
    id: 'install.log-kept',
    title: 'The installation leaves a log that is kept with the results',
    rationale: 'A silent installation that fails says why in its log only.',
    source: { document: 'facts', section: '7.4' },
    severity: 'recommended',
    stage: 'install',
    observed: ['machine'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Let msiexec write a log (/l*v) into a folder that exists and may be written.',
  },
  {
    id: 'install.version-matches-package',
    title: 'What is installed has the version of the package',
    rationale:
      'Another version among the installed programs, or in the DLL, is what an earlier installation has left: then a result speaks of the wrong build.',
    source: { document: 'facts', section: '8' },
    severity: 'recommended',
    stage: 'install',
    observed: ['registry', 'machine'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Uninstall the add-in, restart, and install this package again: msiexec /x SsprWindowsLogon.PROD.msi /qn /norestart.',
  },
  {
    id: 'install.second-install',
    title: 'A second installation succeeds and changes nothing',
    rationale: 'Tools that roll out software install it again whenever they are in doubt.',
    source: { document: 'facts', section: '8' },
    severity: 'recommended',
    stage: 'install',
    observed: ['machine', 'registry'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Let the rollout look for the product first, and install it only where it is missing.',
  },
  {
    id: 'install.restarted',
    title: 'The machine is restarted after the installation',
    rationale: 'The document highly recommends it: the logon screen loads its credential providers anew.',
    source: { document: 'english', lines: [42, 42] },
    severity: 'recommended',
    stage: 'reboot',
    observed: ['machine'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Restart the machine: shutdown /r /t 0.',
  },
  {
    id: 'install.registered',
    title: 'The add-in is registered as a credential provider and its DLL is there',
    rationale: 'The logon screen shows the link only when it can load the credential provider.',
    source: { document: 'english', lines: [41, 73] },
    severity: 'required',
    stage: 'checks',
    needs: ['install'],
    observed: ['registry', 'machine'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Uninstall the add-in, install it again and restart: msiexec /x SsprWindowsLogon.PROD.msi /qn /norestart & msiexec /i SsprWindowsLogon.PROD.msi /qn /norestart & shutdown /r /t 0.',
    judge: given(['credentialProviders'], judgeRegistration),
  },
  {
    id: 'install.uninstall-entry',
    title: 'The add-in stands among the installed programs',
    rationale: 'Without an entry it cannot be found by an inventory, nor removed by hand.',
    source: { document: 'facts', section: '9' },
    severity: 'recommended',
    stage: 'checks',
    needs: ['install'],
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
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
    severity: 'recommended',
    stage: 'checks',
    observed: ['machine'],
    appliesTo: EVERY_MACHINE,
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
  const observed = `${provider.name || provider.clsid}${provider.disabled ? ', disabled' : ''}, DLL ${dll ?? 'not named'}${versionOf(provider)}`;
  if (provider.disabled)
    return fail('The credential provider of the add-in is disabled', { expected, observed });
  if (dll === undefined) return fail('The registration names no DLL', { expected, observed });
  if (provider.dllExists === null)
    return couldNotCheck('Whether the DLL exists is not known', { expected, observed });
  return provider.dllExists
    ? pass('The add-in is registered and its DLL is there', { expected, observed })
    : fail('The DLL of the add-in is missing', { expected, observed: `${observed}, missing` });
}

const versionOf = ({ dllVersion }: CredentialProvider): string =>
  dllVersion.state === 'present' ? ` ${dllVersion.value}` : '';

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

/** Decides `install.package-signed`. */
export function judgeSignature(signature: MsiSignature): Verdict {
  const expected = 'a signature that holds, by a certificate for signing code that was valid then';
  if (signature.state === 'unsigned')
    return fail('The package is not signed', { expected, observed: 'no signature' });
  if (signature.state === 'broken')
    return fail(`The signature does not hold: ${signature.why}`, { expected, observed: signature.why });
  const { signer, algorithm, timeStamp, validThen } = signature;
  const observed = `${algorithm}, by ${signer.commonName} (${signer.organization || 'no organization'}), issuer ${signer.issuer}, valid ${signer.validFrom} to ${signer.validTo}, ${timeStamp ? `stamped ${timeStamp.at} by ${timeStamp.by}` : 'without time-stamp'}`;
  if (!validThen) return fail('The certificate of the signer was not valid then', { expected, observed });
  return signer.forCode
    ? pass(`Signed by ${signer.organization || signer.commonName}`, { expected, observed })
    : fail('The certificate of the signer is not for signing code', { expected, observed });
}

/** The parts of the facts in which an installation shows. */
const INSTALLED = ['credentialProviders', 'products'] as const;

/** Decides `install.version-matches-package` from the facts after the installation. */
export function judgeVersion(msi: MsiFacts, facts: Facts): Verdict {
  const unread = firstUnread(INSTALLED, facts);
  if (unread !== undefined) return unread;
  const entry = facts.products.find(({ key }) => key.toUpperCase() === msi.productCode);
  const provider = resetProvider(facts);
  const dll = provider && read('InprocServer32 of the add-in', provider.dll);
  const name = dll?.replaceAll('"', '').split('\\').at(-1) ?? '';
  const wanted = msi.fileVersions[name.toLowerCase()];
  const actual = wanted && provider ? read(`The version of ${name}`, provider.dllVersion) : undefined;
  const detail = {
    expected: `entry ${msi.productVersion}${wanted === undefined ? '' : `, ${name} ${wanted}`}`,
    observed: `entry ${entry?.displayVersion ?? 'absent'}${wanted === undefined ? '' : `, ${name} ${actual ?? 'without version'}`}`,
  };
  if (entry === undefined)
    return fail('The product of the package is not among the installed programs', detail);
  if (entry.displayVersion !== msi.productVersion)
    return fail(
      `The entry is of version ${entry.displayVersion}, the package of ${msi.productVersion}`,
      detail,
    );
  return wanted === actual
    ? pass(`Version ${msi.productVersion} is installed`, detail)
    : fail(`${name} is of version ${actual ?? 'unknown'}, the package brings ${wanted}`, detail);
}

/** Decides `install.second-install` from its exit code and the facts before and after it. */
export function judgeSecondInstall(exitCode: number, before: Facts, after: Facts): Verdict {
  const unread = firstUnread(INSTALLED, before) ?? firstUnread(INSTALLED, after);
  const ended = judgeExitCode('install', exitCode);
  if (ended.outcome !== 'pass') return ended;
  if (unread !== undefined) return unread;
  const changed = INSTALLED.filter((part) => !isDeepStrictEqual(before[part], after[part]));
  const detail = {
    expected: `${ended.expected ?? ''}; ${INSTALLED.join(', ')} as before`,
    observed: `${ended.observed ?? ''}; ${changed.length === 0 ? 'as before' : `changed: ${changed.join(', ')}`}`,
  };
  return changed.length === 0
    ? pass('The second installation changes nothing', detail)
    : fail(`The second installation changes ${changed.join(', ')}`, detail);
}

/**
 * Decides `install.upgrade` from the exit code of the new version's installation on top of the earlier one, and the
 * facts after it.
 */
export function judgeUpgrade(
  exitCode: number,
  { productCode, productVersion }: MsiFacts,
  facts: Facts,
): Verdict {
  const ended = judgeExitCode('install', exitCode);
  if (ended.outcome !== 'pass') return ended;
  const unread = firstUnread(INSTALLED, facts);
  if (unread !== undefined) return unread;
  const { products } = facts;
  const dllExists = resetProvider(facts)?.dllExists === true;
  const detail = {
    expected: `one entry, of version ${productVersion}, and the add-in registered with its DLL`,
    observed: `${products.map(({ key, displayVersion }) => `${key} ${displayVersion}`).join(', ') || 'no entry'}; ${dllExists ? 'registered with its DLL' : 'not registered with a DLL that exists'}`,
  };
  const [entry, other] = products;
  if (entry === undefined || other !== undefined)
    return fail(`After the upgrade there are ${products.length} entries of the add-in`, detail);
  if (entry.key.toUpperCase() !== productCode || entry.displayVersion !== productVersion)
    return fail('After the upgrade the earlier version is still the installed one', detail);
  return dllExists
    ? pass(`The upgrade ends with version ${productVersion}`, detail)
    : fail('After the upgrade the add-in is not registered any more', detail);
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
