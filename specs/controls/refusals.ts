import { Fault } from '../../harness/core/errors.ts';
import { fail, pass, type Verdict } from '../../harness/core/outcome.ts';
import type { RefusalReason } from '../../harness/core/rehearsals.ts';
import {
  type PortalAnswer,
  type RefusalPage,
  SSPR_NUMBERS,
  type UserIdTrial,
} from '../../harness/logon/refusal.ts';
import { type Control, EVERY_MACHINE } from './control.ts';

/** What the portal tells users who may not, cannot or do not want to reset. Decided by the spec that gives their user IDs. */
export const refusals: readonly Control[] = [
  {
    id: 'refusals.not-registered',
    title: 'A user who is not registered is told that additional security info is needed',
    rationale:
      'The document says that the link is of use only to registered users, and shows the page that others get.',
    source: { document: 'english', lines: [55, 57] },
    severity: 'required',
    stage: 'refusals',
    needs: ['install', 'reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Look at the recorded picture and at the methods of this user in the tenant: a user of this kind has registered none.',
  },
  {
    id: 'refusals.authenticator-only',
    title: 'A user who has only the Authenticator app cannot reset the password here',
    rationale:
      'The document of 2018 says that its notifications and codes do not work in the first release. Later texts dropped that sentence, so another answer is worth knowing and no defect of the machine.',
    source: { document: 'english', lines: [59, 59] },
    severity: 'recommended',
    stage: 'refusals',
    needs: ['install', 'reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Look at the methods of this user in the tenant; where the app is accepted by now, waive this.',
  },
  {
    id: 'refusals.policy-off',
    title: 'A user for whom password reset is off is told so',
    rationale: 'Where such a user is let in, the policy of the tenant does not say what was meant.',
    source: { document: 'facts', section: '6.6' },
    severity: 'recommended',
    stage: 'refusals',
    needs: ['install', 'reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Look in the Azure portal, at Password reset, Properties, for whom it is enabled.',
  },
  {
    id: 'refusals.not-licensed',
    title: 'A user without the licence is told that password reset is not enabled',
    rationale:
      'The reset with writeback is paid for by the user; without the licence the portal turns the user away.',
    source: { document: 'facts', section: '6.6' },
    severity: 'recommended',
    stage: 'refusals',
    needs: ['install', 'reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Look at the licences of this user in the Azure portal, also at those that come by groups.',
  },
  {
    id: 'refusals.not-in-group',
    title: 'A user outside of the chosen group is told that password reset is not enabled',
    rationale: 'A group limits who may reset; the pilot of a rollout rests on it.',
    source: { document: 'facts', section: '6.6' },
    severity: 'recommended',
    stage: 'refusals',
    needs: ['install', 'reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Look at the group that is chosen for password reset, and at the groups within it.',
  },
  {
    id: 'refusals.blocked',
    title: 'A user who tried too often is told to wait',
    rationale: 'The block keeps others from guessing; a user who is let in all the same is not protected.',
    source: { document: 'facts', section: '6.5' },
    severity: 'recommended',
    stage: 'refusals',
    needs: ['install', 'reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation: 'A block lasts 24 hours: see that this user was blocked within the last day.',
  },
  {
    id: 'refusals.cancelled',
    title: 'A user who cancels is back at the logon screen, and nothing has changed',
    rationale: 'People click the link by mistake; the old password has to go on working.',
    source: { document: 'facts', section: '9' },
    severity: 'recommended',
    stage: 'refusals',
    needs: ['install', 'reboot'],
    observed: ['screen', 'tenant'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Look at the recorded pictures, and in the audit log who has changed the password of this user.',
  },
];

/** One user ID that was given, or why it could not be. */
export interface RefusalTried {
  readonly upn: string;
  readonly expects: RefusalReason;
  readonly came: UserIdTrial | Fault;
  /** Of who cancels: the time of the last password change, before and after. */
  readonly passwordChanged?: { readonly before: Date; readonly after: Date };
}

/** What has to come for each reason; the numbers are those of facts 6.6. */
const EXPECTED: Readonly<
  Record<
    RefusalReason,
    {
      readonly who: string;
      readonly page: RefusalPage | 'verification method';
      readonly numbers: readonly string[];
    }
  >
> = {
  notRegistered: { who: 'A user who is not registered', page: 'not-registered', numbers: ['SSPR_0014'] },
  authenticatorOnly: {
    who: 'A user who has only the Authenticator app',
    page: 'not-registered',
    numbers: ['SSPR_0014'],
  },
  policyOff: {
    who: 'A user for whom password reset is off',
    page: 'reset-not-enabled',
    numbers: ['SSPR_0009', 'SSPR_0011'],
  },
  notLicensed: { who: 'A user without the licence', page: 'reset-not-enabled', numbers: ['SSPR_0012'] },
  notInGroup: { who: 'A user outside of the group', page: 'reset-not-enabled', numbers: ['SSPR_0013'] },
  blocked: { who: 'A user who tried too often', page: 'blocked', numbers: [] },
  cancelled: { who: 'A user who cancels', page: 'verification method', numbers: [] },
};

const PAGE_WORDS: Readonly<Record<PortalAnswer['page'], string>> = {
  'not-registered': 'the page that asks for additional security info',
  'reset-not-enabled': 'the page that says that password reset is not enabled',
  blocked: 'the page that says that there were too many tries',
  'account-not-verified': 'the page that says that the account could not be verified',
  'verification method': 'the list of methods',
};

/**
 * Decides the control of a reason from what came of each of its users: the first that fails decides.
 * @throws Fault why one of them could not be tried or says nothing, when none of the others fails
 */
export function judgeRefusals(tried: readonly RefusalTried[]): Verdict {
  const verdicts = tried.map((one) => (one.came instanceof Fault ? one.came : judgeOne(one, one.came)));
  const fault = verdicts.find((one) => one instanceof Fault);
  const decided = verdicts.flatMap((one) => (one instanceof Fault ? [] : [one]));
  const failed = decided.find(({ outcome }) => outcome === 'fail');
  if (failed) return failed;
  if (fault) throw fault;
  const [first] = decided;
  if (!first) throw new TypeError('no user was tried');
  return { ...first, observed: decided.map(({ observed }) => observed).join('; ') };
}

function judgeOne({ upn, expects, passwordChanged }: RefusalTried, { answer }: UserIdTrial): Verdict | Fault {
  const { who, page, numbers } = EXPECTED[expects];
  const detail = { expected: expectedOf(page, numbers), observed: `${upn}: ${inWords(answer)}` };
  if (answer.page === 'verification method') {
    if (expects === 'authenticatorOnly' && answer.offers.known.length === 0)
      return answer.offers.others.length > 0
        ? pass(`${who} is offered nothing that works here`, detail)
        : saysNothing(upn, 'the methods that it offers could not be read');
    if (page !== 'verification method')
      return fail(`${who} is let in, up to the list of methods; no code was sent`, detail);
    return passwordChanged && passwordChanged.before.getTime() !== passwordChanged.after.getTime()
      ? fail(`${who} has another password all the same`, {
          expected: `the password of ${passwordChanged.before.toISOString()}`,
          observed: `${upn}: the password of ${passwordChanged.after.toISOString()}`,
        })
      : pass(`${who} is back at the logon screen, with the old password`, detail);
  }
  if (answer.page === 'account-not-verified')
    return saysNothing(upn, 'the tenant does not know this user ID');
  if (answer.page === 'blocked' && page !== 'blocked')
    return saysNothing(upn, 'the tenant has blocked this user, which hides everything else');
  const { number } = answer;
  if (page === 'verification method')
    return saysNothing(upn, `the portal turns this user away: ${inWords(answer)}`);
  const isOther =
    number !== undefined && number in SSPR_NUMBERS && numbers.length > 0 && !numbers.includes(number);
  if (answer.page !== page || isOther) return fail(`${who} is told something else`, detail);
  return pass(number === undefined ? `${who} is turned away` : `${who} is turned away, as ${number}`, detail);
}

const expectedOf = (page: PortalAnswer['page'], numbers: readonly string[]): string =>
  numbers.length === 0
    ? PAGE_WORDS[page]
    : `${PAGE_WORDS[page]}; where it shows a number, ${numbers.join(' or ')}`;

function inWords(answer: PortalAnswer): string {
  if (answer.page === 'verification method') {
    const { known, others } = answer.offers;
    const offers = [...known, ...others].map((text) => `"${text}"`).join(', ');
    return `${PAGE_WORDS[answer.page]}${offers && `, with ${offers}`}`;
  }
  const { number, said } = answer;
  const means = number === undefined ? undefined : SSPR_NUMBERS[number]?.means;
  return number === undefined
    ? `${said}; no number`
    : `${said}; ${number}${means === undefined ? '' : ` (${means})`}`;
}

const saysNothing = (upn: string, why: string): Fault =>
  new Fault(`${upn} cannot show how the portal turns such a user away: ${why}`, {
    code: 'refused-user-unusable',
    blame: 'config',
    remedy: 'Check this user under "refusals" in the configuration, and how the user stands in the tenant.',
  });
