import { Fault } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { LabState } from './lab-state.ts';
import { type LoadedConfig, readPem, readSecret } from './load.ts';
import type { Account, MachineConfig, VerificationConfig } from './schema.ts';

/** A test user with everything filled in: secrets read, files found. */
export interface AccountSettings {
  readonly upn: string;
  readonly displayName: string;
  /** How the user proves who he is, in the order of preference. */
  readonly verification: readonly VerificationSettings[];
}

/** As in the configuration, with secrets in place of references, and the PEM in place of its path. */
export type VerificationSettings =
  | { readonly by: 'mailbox'; readonly mailbox: string }
  | {
      readonly by: 'imap';
      readonly host: string;
      readonly port: number;
      readonly security: 'tls' | 'starttls';
      readonly user: string;
      readonly password: Secret;
      readonly folder: string;
      readonly ca: string | undefined;
    }
  | {
      readonly by: 'smsWebhook';
      readonly phone: string;
      /** `127.0.0.1:8025` */
      readonly listen: string;
      readonly token: Secret;
      readonly text: string;
    }
  | {
      readonly by: 'smsApi';
      readonly phone: string;
      readonly url: string;
      readonly authorization: Secret;
      readonly messages: string;
      readonly id: string;
      readonly text: string;
      readonly at: string;
      readonly ca: string | undefined;
    }
  | {
      readonly by: 'questions';
      readonly answers: readonly { readonly question: string; readonly answer: Secret }[];
    }
  | {
      readonly by: 'person';
      readonly method: 'email' | 'sms';
      readonly phone: string | undefined;
      readonly withinSeconds: number;
    };

/** The users whose password may be reset on a machine: its own, or those of `accounts` that serve it. */
export function accountsOf(machine: MachineConfig, loaded: LoadedConfig): AccountSettings[] {
  const { machines, accounts } = loaded.config;
  if (machine.account) {
    const index = machines.findIndex(({ name }) => name === machine.name);
    return [resolveAccount(machine.account, `machines.${index}.account`, loaded)];
  }
  return accounts.flatMap((account, index) =>
    account.machines === undefined || account.machines.includes(machine.name)
      ? [resolveAccount(account, `accounts.${index}`, loaded)]
      : [],
  );
}

/** @throws Fault `lab-user-unknown` */
export function labAccount(lab: LabState, machine: string): AccountSettings {
  const user = lab.users.find((candidate) => candidate.machine === machine);
  if (!user) {
    throw new Fault(`The lab has no user for the machine ${machine}`, {
      code: 'lab-user-unknown',
      blame: 'config',
      remedy: `Name the machine as one of the lab's: ${lab.users.map((candidate) => candidate.machine).join(', ')}.`,
    });
  }
  const { upn, displayName, mailbox } = user;
  return { upn, displayName, verification: [{ by: 'mailbox', mailbox }] };
}

function resolveAccount(
  { upn, displayName, mailbox, verification = [] }: Account,
  key: string,
  loaded: LoadedConfig,
): AccountSettings {
  // The schema asks for one of the two.
  const short = mailbox === undefined ? [] : [{ by: 'mailbox', mailbox } as const];
  const ways = verification.map((way, index) => resolveWay(way, `${key}.verification.${index}`, loaded));
  return { upn, displayName, verification: [...short, ...ways] };
}

function resolveWay(way: VerificationConfig, key: string, loaded: LoadedConfig): VerificationSettings {
  switch (way.by) {
    case 'mailbox':
      return way;
    case 'person':
      return { ...way, phone: way.phone };
    case 'imap': {
      const { certificateAuthority, ...rest } = way;
      const password = readSecret(way.password, `${key}.password`, loaded);
      return { ...rest, password, ca: pem(certificateAuthority, key, loaded) };
    }
    case 'smsWebhook':
      return { ...way, token: readSecret(way.token, `${key}.token`, loaded) };
    case 'smsApi': {
      const { certificateAuthority, ...rest } = way;
      const authorization = readSecret(way.authorization, `${key}.authorization`, loaded);
      return { ...rest, authorization, ca: pem(certificateAuthority, key, loaded) };
    }
    case 'questions':
      return {
        by: 'questions',
        answers: way.answers.map(({ question, answer }, index) => ({
          question,
          answer: readSecret(answer, `${key}.answers.${index}.answer`, loaded),
        })),
      };
  }
}

const pem = (path: string | undefined, key: string, loaded: LoadedConfig): string | undefined =>
  path === undefined ? undefined : readPem(path, `${key}.certificateAuthority`, loaded);
