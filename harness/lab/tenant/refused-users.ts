import { REFUSALS, type RefusalReason } from '../../core/rehearsals.ts';
import type { Account } from './accounts.ts';

/** A user of the tenant who has no account on any machine, and what of him is not as usual. */
interface RefusedUser {
  readonly upn: string;
  readonly displayName: string;
  readonly mailbox: string;
  readonly expects: RefusalReason;
  readonly state: Partial<Account>;
}

/** No lab runs so long. */
const FOR_EVER = Date.parse('2099-01-01T00:00:00Z');

const STATES: Readonly<Record<RefusalReason, readonly [account: string, state: Partial<Account>]>> = {
  notRegistered: ['unregistered', { methods: [] }],
  // Registered for Graph, and yet with nothing that works at the logon screen.
  authenticatorOnly: [
    'authenticator',
    { methods: ['microsoftAuthenticatorPush', 'softwareOneTimePasscode'] },
  ],
  policyOff: ['nopolicy', { standing: 'notEnabled' }],
  notLicensed: ['unlicensed', { standing: 'notLicensed' }],
  notInGroup: ['outsider', { standing: 'notMember' }],
  blocked: ['blocked', { blockedUntil: FOR_EVER }],
  // Could reset the password, and changes his mind.
  cancelled: ['waverer', {}],
};

/** One user for each reason to be turned away, and one who gives up by himself. */
export const refusedUsers = (domain: string): RefusedUser[] =>
  REFUSALS.map((expects) => {
    const [account, state] = STATES[expects];
    return {
      upn: `${account}@${domain}`,
      displayName: `${account.charAt(0).toUpperCase()}${account.slice(1)} Example`,
      mailbox: `${account}.private@${domain}`,
      expects,
      state,
    };
  });
