import {
  couldNotCheck,
  fail,
  notApplicable,
  pass,
  skipped,
  type Verdict,
} from '../../harness/core/outcome.ts';
import type { Registration } from '../../harness/directory/directory.ts';
import {
  type Control,
  EVERY_MACHINE,
  OPERATING_SYSTEMS,
  type OperatingSystem,
  type Subject,
} from './control.ts';
import { given, hex, read, shown } from './judging.ts';

/** What must be so before the add-in is installed. */
export const prerequisites: readonly Control[] = [
  {
    id: 'prerequisites.os-supported',
    title: 'The machine runs Windows 7 with Service Pack 1, Windows 8 or Windows 8.1',
    rationale:
      'The add-in is made for these. Windows 10 has a reset link of its own, and the updates that bring TLS 1.2 to Windows 7 need Service Pack 1.',
    source: { document: 'english', lines: [18, 29] },
    severity: 'required',
    stage: 'facts',
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Install Service Pack 1 on Windows 7 (KB976932: wusa windows6.1-KB976932-X64.exe, or Windows Update); on Windows 10 use its own reset link instead of the add-in.',
    judge: given(['os'], judgeOperatingSystem),
  },
  {
    id: 'prerequisites.windows-8-documented',
    title: 'The prerequisites of the document name this Windows',
    rationale:
      'Windows 8 stands in the title of the document, but its prerequisites name Windows 7 and 8.1 only. Microsoft may not help with it.',
    source: { document: 'english', lines: [18, 29] },
    severity: 'informational',
    stage: 'facts',
    observed: ['registry'],
    appliesTo: { os: ['win8'] },
    remediation: 'Update the machine to Windows 8.1, which is free of charge for owners of Windows 8.',
    judge: given(['os'], ({ facts: { os } }) =>
      fail('Windows 8 is named in the title of the document, but not in its prerequisites', {
        expected: 'Windows 7 or 8.1',
        observed: `${os.productName}, ${os.version}`,
      }),
    ),
  },
  {
    id: 'prerequisites.patched',
    title: 'The updates that the policy names, or later ones in their place, are installed',
    rationale:
      'The document asks for a patched Windows without saying which updates it means; the policy names those that TLS 1.2 and all later updates depend on. Component Based Servicing decides; WMI is a second witness.',
    source: { document: 'english', lines: [29, 29] },
    severity: 'required',
    stage: 'checks',
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Install the missing updates (or the last monthly rollup), for each: wusa UPDATE.msu /quiet /norestart; then restart: shutdown /r /t 0. Where "patched" means something else to you, say so in policy.patches of sspr.yaml.',
    judge: given(['packages'], judgePatches),
  },
  {
    id: 'prerequisites.no-restart-pending',
    title: 'No restart is pending from earlier updates or installations',
    rationale:
      'An update or a TLS setting that waits for a restart is not in force yet, whatever the registry says.',
    source: { document: 'facts', section: '3.2' },
    severity: 'recommended',
    stage: 'facts',
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Restart the machine before you install the add-in: shutdown /r /t 0.',
    judge: given(['rebootPending'], ({ facts: { rebootPending } }) =>
      rebootPending.length === 0
        ? pass('No restart is pending', { observed: 'none of the known marks is set' })
        : fail('A restart is pending', {
            expected: 'none of the known marks of a pending restart is set',
            observed: rebootPending.join(', '),
          }),
    ),
  },
  {
    id: 'prerequisites.uac-enabled',
    title: 'User Account Control is not switched off through EnableLUA',
    rationale:
      'Microsoft lists it as a known issue: with EnableLUA off, a click on the link returns to the logon screen.',
    source: { document: 'facts', section: '1.3' },
    severity: 'recommended',
    stage: 'facts',
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Run this, and restart: reg add HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System /v EnableLUA /t REG_DWORD /d 1 /f.',
    judge: given(['userAccountControl'], ({ facts }) => {
      const enableLua = read('EnableLUA', facts.userAccountControl);
      const detail = { expected: 'EnableLUA not 0x0', observed: shown('EnableLUA', enableLua) };
      return enableLua === 0
        ? fail('User Account Control is switched off', detail)
        : pass('User Account Control is not switched off', detail);
    }),
  },
  {
    id: 'prerequisites.no-join-needed',
    title: 'The reset needs no join to Azure AD or to an Active Directory domain',
    rationale:
      'Unlike Windows 10, these machines need no join. A machine in a workgroup that completes the reset shows it; the join state is recorded.',
    source: { document: 'english', lines: [22, 22] },
    severity: 'informational',
    stage: 'logon',
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Do not join the machine for this. Look at why the reset itself failed.',
  },
  {
    id: 'prerequisites.sspr-enabled',
    title: 'Self-service password reset is enabled in the tenant for the test user',
    rationale: 'Without it the portal turns the user away, and the link at the logon screen leads nowhere.',
    source: { document: 'english', lines: [20, 28] },
    severity: 'required',
    stage: 'facts',
    observed: ['tenant'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'In the Azure portal, at Azure Active Directory, Password reset, Properties: enable it for all users, or for a group that the test user belongs to; see that the user has a licence for it.',
  },
  {
    id: 'prerequisites.user-registered',
    title: 'The test user is registered for self-service password reset',
    rationale: 'A user who is not registered only gets the page that asks for additional security info.',
    source: { document: 'english', lines: [55, 57] },
    severity: 'required',
    stage: 'facts',
    observed: ['tenant'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Let the user register at https://aka.ms/ssprsetup with as many methods as the policy asks for.',
  },
  {
    id: 'prerequisites.alternate-methods',
    title: 'The test user has enough methods other than the Microsoft Authenticator app',
    rationale:
      'In its first release the add-in does not accept notifications or codes of the app. Later texts no longer say so, but none says that it was lifted.',
    source: { document: 'english', lines: [59, 59] },
    severity: 'required',
    stage: 'facts',
    observed: ['tenant'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Let the user register a phone, an e-mail address or security questions, as the policy allows.',
  },
];

/** The Windows versions of the document's title. `build` is `CurrentBuild` of the only supported service level. */
const WINDOWS: Readonly<Record<OperatingSystem, { name: string; version: string; build: number }>> = {
  win7: { name: 'Windows 7 with Service Pack 1', version: '6.1', build: 7601 },
  win8: { name: 'Windows 8', version: '6.2', build: 9200 },
  win81: { name: 'Windows 8.1', version: '6.3', build: 9600 },
};

function judgeOperatingSystem({ os, facts }: Subject): Verdict {
  const wanted = WINDOWS[os];
  const { version, build, productName, servicePack } = facts.os;
  const expected = `${wanted.name}: ${wanted.version}, build ${wanted.build}`;
  const observed = [productName, servicePack, version, `build ${build}`]
    .filter((text) => text !== '')
    .join(', ');

  if (version === '' || !(build > 0)) {
    return couldNotCheck('The guest did not say which Windows it is', { expected, observed });
  }
  if (/server/i.test(productName)) {
    return fail('The machine runs a server edition, which the document does not cover', {
      expected,
      observed,
    });
  }
  const actual = OPERATING_SYSTEMS.find((candidate) => WINDOWS[candidate].build === build);
  if (actual !== undefined && actual !== os) {
    return couldNotCheck(
      `The machine is declared as ${os} but is ${actual}: it would be judged by the wrong rules`,
      {
        expected,
        observed,
        remediation:
          'Correct the operating system of this machine in the configuration, or the box behind it.',
      },
    );
  }
  if (actual === undefined) return fail(`The machine is not ${wanted.name}`, { expected, observed });
  if (os === 'win8') {
    return pass(
      'The machine runs Windows 8, which the title of the document names but its prerequisites do not',
      {
        expected,
        observed,
      },
    );
  }
  return pass(`The machine runs ${wanted.name}`, { expected, observed });
}

/** `CurrentState` of a package of Component Based Servicing. */
const STATES: Readonly<Record<number, { name: string; counts: boolean }>> = {
  0: { name: 'absent', counts: false },
  5: { name: 'uninstall pending', counts: false },
  16: { name: 'resolving', counts: false },
  32: { name: 'resolved', counts: false },
  48: { name: 'staging', counts: false },
  64: { name: 'staged', counts: false },
  // Something newer that does the same is installed in its place.
  80: { name: 'superseded', counts: true },
  96: { name: 'install pending', counts: false },
  101: { name: 'partially installed', counts: false },
  112: { name: 'installed', counts: true },
  128: { name: 'permanent', counts: true },
};

const kbNumber = (kb: string): string => kb.replace(/\D/g, '');

function judgePatches({ os, facts, policy }: Subject): Verdict {
  const { packages } = facts;
  const demanded = policy.patches[os];
  if (demanded.length === 0) return notApplicable(`The policy names no update for ${WINDOWS[os].name}`);

  const seen = demanded.map((alternatives) => {
    const found = packages.filter(({ kb }) =>
      alternatives.some((wanted) => kbNumber(wanted) === kbNumber(kb)),
    );
    return { alternatives, found, met: found.some(({ state }) => STATES[state]?.counts === true) };
  });
  const observed = seen.map(({ alternatives, found }) => describeFound(alternatives, found));
  const witness = hearWmi(demanded.flat(), facts);
  const detail = {
    expected: demanded.map((alternatives) => alternatives.join(' or ')).join('; '),
    observed: [...observed, ...(witness === '' ? [] : [witness])].join('; '),
  };
  const missing = seen.filter(({ met }) => !met).map(({ alternatives }) => alternatives[0]);
  return missing.length === 0
    ? pass('The updates that the policy names are installed', detail)
    : fail(`Not installed: ${missing.join(', ')}`, detail);
}

/** States in which Windows lists an update in Win32_QuickFixEngineering as well; a superseded one it may leave out. */
const LISTED: readonly number[] = [112, 128];

/** What Win32_QuickFixEngineering says other than Component Based Servicing, or that it says nothing; '' when they agree. */
function hearWmi(wanted: readonly string[], { packages, hotFixes, failures }: Subject['facts']): string {
  const why = failures.hotFixes;
  if (why !== undefined) return `Win32_QuickFixEngineering could not be read: ${why}`;
  const listed = new Set(hotFixes.map(kbNumber));
  const differing = [...new Set(wanted.map(kbNumber))].flatMap((kb) => {
    const states = packages.filter((one) => kbNumber(one.kb) === kb).map(({ state }) => state);
    const installed = states.some((state) => LISTED.includes(state));
    const counts = states.some((state) => STATES[state]?.counts === true);
    if (installed && !listed.has(kb)) return [`does not list KB${kb}`];
    return !counts && listed.has(kb) ? [`lists KB${kb}`] : [];
  });
  return differing.length === 0 ? '' : `Win32_QuickFixEngineering differs: it ${differing.join(', ')}`;
}

function describeFound(alternatives: readonly string[], found: Subject['facts']['packages']): string {
  if (found.length === 0) return `${alternatives.join(' or ')} absent`;
  const states = found.map(
    ({ kb, state }) => `KB${kbNumber(kb)} ${STATES[state]?.name ?? 'unknown'} (${hex(state)})`,
  );
  return [...new Set(states)].join(', ');
}

/** Decides `prerequisites.sspr-enabled` from what the tenant says of the user. */
export function judgeResetEnabled({ userPrincipalName, isSsprEnabled }: Registration): Verdict {
  const detail = { expected: 'isSsprEnabled true', observed: `isSsprEnabled ${isSsprEnabled}` };
  return isSsprEnabled
    ? pass(`${userPrincipalName} may reset the password`, detail)
    : fail(`The policy of the tenant does not let ${userPrincipalName} reset the password`, detail);
}

/** Decides `prerequisites.user-registered`. */
export function judgeRegistered({
  userPrincipalName,
  isSsprRegistered,
  methodsRegistered,
}: Registration): Verdict {
  const detail = {
    expected: 'isSsprRegistered true',
    observed: `isSsprRegistered ${isSsprRegistered}, methods: ${methodsRegistered.join(', ') || 'none'}`,
  };
  return isSsprRegistered
    ? pass(`${userPrincipalName} is registered`, detail)
    : fail(`${userPrincipalName} is not registered for password reset`, detail);
}

/** Methods of `methodsRegistered` that prove the user at a reset without the Authenticator app. */
const METHODS_BESIDE_THE_APP: readonly string[] = [
  'mobilePhone',
  'alternateMobilePhone',
  'officePhone',
  'email',
  'securityQuestion',
];

/**
 * Decides `prerequisites.alternate-methods`.
 * @param required how many methods the policy of the tenant asks for
 */
export function judgeAlternateMethods(
  { methodsRegistered, isSsprRegistered }: Registration,
  required: number,
): Verdict {
  const usable = methodsRegistered.filter((method) => METHODS_BESIDE_THE_APP.includes(method));
  const detail = {
    expected: `at least ${required} of ${METHODS_BESIDE_THE_APP.join(', ')}`,
    observed: methodsRegistered.join(', ') || 'no method',
  };
  // What is wrong with such a user is that he is not registered, and that is said already.
  if (!isSsprRegistered && methodsRegistered.length === 0)
    return skipped('The user has registered no method at all: see prerequisites.user-registered', detail);
  return usable.length >= required
    ? pass(`Usable at the logon screen: ${usable.join(', ')}`, detail)
    : fail('The user could prove the identity only with the Authenticator app, or not at all', detail);
}
