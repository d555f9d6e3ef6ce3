import { type Language, LANGUAGES } from '../../harness/core/languages.ts';
import { fail, pass, type Verdict } from '../../harness/core/outcome.ts';
import type { Facts, JoinState } from '../../harness/guest/facts.ts';
import { type Control, EVERY_MACHINE, type Subject } from './control.ts';
import { foreignFilters } from './credential-providers.ts';
import { firstUnread, given, read } from './judging.ts';

/** What surrounds the logon screen, and may keep a reset from working there although the machine itself is in order. */
export const environment: readonly Control[] = [
  {
    id: 'environment.language-as-configured',
    title: 'Windows speaks the language that the configuration names for this machine',
    rationale:
      'The screens are read by their captions: in another language than the expected one, what is there looks absent.',
    source: { document: 'facts', section: '9' },
    severity: 'recommended',
    stage: 'facts',
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Set machines[].language in sspr.yaml to the language in which this Windows was installed: reg query HKLM\\SYSTEM\\CurrentControlSet\\Control\\Nls\\Language /v InstallLanguage.',
  },
  {
    id: 'environment.provider-filters',
    title: 'No credential provider filter of another maker is enabled',
    rationale:
      'A filter decides which credential providers the logon screen offers. It can hide the add-in, whose registration looks right all the same.',
    source: { document: 'facts', section: '1.3' },
    severity: 'recommended',
    stage: 'checks',
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Ask the maker of the filter to let the add-in through, or disable it (DWORD Disabled 1) below Authentication\\Credential Provider Filters.',
    judge: given(['providerFilters'], judgeFilters),
  },
  {
    id: 'environment.network-sign-on',
    title: 'No 802.1X profile signs in "immediately before user logon"',
    rationale:
      'Microsoft says that the reset does not work with it: there is no network before somebody has signed in. It recommends the authentication of the machine.',
    source: { document: 'facts', section: '1.3' },
    severity: 'recommended',
    stage: 'checks',
    observed: ['machine'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Let the machine authenticate itself in the 802.1X profile, or set single sign-on to "Perform immediately after user logon".',
    judge: given(['environment'], judgeNetworkSignOns),
  },
  {
    id: 'environment.no-remote-session',
    title: 'Nobody works on the machine through Remote Desktop',
    rationale:
      'The reset is not supported from Remote Desktop, and while such a session is active, the console is not what its user sees: a test there says nothing.',
    source: { document: 'facts', section: '1.3' },
    severity: 'recommended',
    stage: 'checks',
    observed: ['machine'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Find the session with "qwinsta", end it with "logoff ID", and run again.',
    judge: given(['environment'], judgeRemoteSessions),
  },
  {
    id: 'environment.join-state-recorded',
    title: 'It is known to what the machine is joined',
    rationale:
      'The reset needs no join. On a machine in a domain, however, the new password is of use only where a domain controller can be reached, or once it has been.',
    source: { document: 'facts', section: '1.3' },
    severity: 'informational',
    stage: 'checks',
    observed: ['registry', 'machine'],
    appliesTo: EVERY_MACHINE,
    remediation: 'See why it cannot be read on the machine: wmic computersystem get domain,domainrole.',
    judge: given(['environment'], recordJoin),
  },
];

/** Chinese in simplified characters, which share a language number with the traditional ones. */
const SIMPLIFIED: readonly number[] = [0x0804, 0x1004];

/** A locale is a language (its lower ten bits) in a country, which makes no difference to the captions. */
const languageOf = (lcid: string): number => parseInt(lcid, 16) & 0x3ff;

/**
 * Decides `environment.language-as-configured`.
 * @param configured the language that the configuration names for the machine
 */
export function judgeLanguage(facts: Facts, configured: Language): Verdict {
  const unread = firstUnread(['os'], facts);
  if (unread !== undefined) return unread;
  const { locale } = facts.os;
  const { name, lcid } = LANGUAGES[configured];
  const same =
    languageOf(locale) === languageOf(lcid) &&
    (configured !== 'zh-CN' || SIMPLIFIED.includes(parseInt(locale, 16)));
  const actual = Object.values(LANGUAGES).find((one) => languageOf(one.lcid) === languageOf(locale));
  const detail = {
    expected: `${name} (${lcid})`,
    observed: actual && (same || actual.name !== name) ? `${actual.name} (${locale})` : locale,
  };
  return same
    ? pass(`Windows speaks ${name}`, detail)
    : fail(`Windows does not speak ${name}, which the configuration expects`, detail);
}

function judgeFilters({ facts }: Subject): Verdict {
  const foreign = foreignFilters(facts);
  const detail = {
    expected: 'none of another maker than Microsoft',
    observed: foreign.map(({ name, clsid }) => `${name} ${clsid}`.trim()).join(', ') || 'none',
  };
  return foreign.length === 0
    ? pass('No filter of another maker can hide the add-in', detail)
    : fail(`${foreign.length} filters of other makers can hide the add-in`, detail);
}

function judgeNetworkSignOns({ facts }: Subject): Verdict {
  const expected = 'no profile with single sign-on before the logon';
  const profiles = read('The 802.1X profiles', facts.environment.networkSignOns) ?? [];
  const observed =
    profiles.map(({ profile, type }) => `${profile}: ${type || 'no single sign-on'}`).join('; ') ||
    'no profile with 802.1X';
  const before = profiles.filter(({ type }) => type === 'preLogon');
  return before.length === 0
    ? pass('No 802.1X profile waits for somebody to sign in', { expected, observed })
    : fail(
        `802.1X signs in immediately before user logon: ${before.map(({ profile }) => profile).join(', ')}`,
        {
          expected,
          observed,
        },
      );
}

function judgeRemoteSessions({ facts }: Subject): Verdict {
  const sessions = read('The sessions of the machine', facts.environment.remoteSessions) ?? [];
  const detail = { expected: 'none', observed: sessions.join(', ') || 'none' };
  return sessions.length === 0
    ? pass('No remote session is active', detail)
    : fail('A remote session is active: what the console shows is not what its user sees', detail);
}

const JOINS: Readonly<Record<JoinState, string>> = {
  none: 'joined to nothing: the workgroup',
  domain: 'joined to the Active Directory domain',
  azureAd: 'joined to Azure AD, and in the workgroup',
  hybrid: 'joined to Azure AD and to the Active Directory domain',
};

function recordJoin({ facts }: Subject): Verdict {
  const { state, name } = facts.environment.join;
  const needsController = state === 'domain' || state === 'hybrid';
  return pass(
    `The machine is ${JOINS[state]} ${name}.${needsController ? ' After a reset the new password signs in only where a domain controller can be reached.' : ''}`,
    { observed: state },
  );
}
