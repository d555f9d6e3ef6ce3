import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { Fault } from '../core/errors.ts';
import { accountsOf, labAccount, type VerificationSettings } from './accounts.ts';
import type { LabState } from './lab-state.ts';
import { type LoadedConfig, parseConfig } from './load.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';

describe('the test users of a machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-accounts-'));
  before(() => {
    writeFileSync(join(folder, 'secret'), 'from-a-file\n');
    writeFileSync(join(folder, 'ca.pem'), PEM);
  });
  after(() => rmSync(folder, { recursive: true }));

  const loaded = (users: string, machine = ''): LoadedConfig => {
    const text = `version: 1
package: { path: ./SsprWindowsLogon.PROD.msi }
tenant:
  id: 11111111-2222-4333-8444-555555555555
  clientId: 11111111-2222-4333-8444-555555555556
  clientSecret: env:SECRET
machines:
  - { name: win7, os: win7, provider: virtualbox${machine} }
  - { name: win8, os: win8, provider: virtualbox }
accounts:
  - { upn: c@b.example, displayName: C, mailbox: codes-c@b.example }
${users}`;
    return { config: parseConfig(text, 'sspr.yaml'), file: join(folder, 'sspr.yaml') };
  };
  const upnsOf = (name: string, from: LoadedConfig): string[] => {
    const machine = from.config.machines.find((one) => one.name === name)!;
    return accountsOf(machine, from).map(({ upn }) => upn);
  };
  const ways = (verification: string): readonly VerificationSettings[] => {
    const from = loaded(`  - { upn: d@b.example, displayName: D, verification: [${verification}] }`);
    return accountsOf(from.config.machines[0]!, from)[1]!.verification;
  };

  it('are those of the pool that serve it, or its own', () => {
    const users = '  - { upn: d@b.example, displayName: D, mailbox: e@b.example, machines: [win8] }';
    expect(upnsOf('win7', loaded(users))).toEqual(['c@b.example']);
    expect(upnsOf('win8', loaded(users))).toEqual(['c@b.example', 'd@b.example']);
    const own = loaded(users, ', account: { upn: a@b.example, displayName: A, mailbox: e@b.example }');
    expect(upnsOf('win7', own)).toEqual(['a@b.example']);
    expect(upnsOf('win8', own)).toEqual(['c@b.example', 'd@b.example']);
  });

  it('prove who they are by their mailbox, if it is all that is named', () => {
    const from = loaded('');
    expect(accountsOf(from.config.machines[0]!, from)).toEqual([
      {
        upn: 'c@b.example',
        displayName: 'C',
        verification: [{ by: 'mailbox', mailbox: 'codes-c@b.example' }],
      },
    ]);
  });

  it('have their secrets and authorities read, and the defaults filled in', () => {
    const found = ways(
      [
        '{ by: imap, host: imap.b.example, user: d, password: "file:secret", certificateAuthority: ca.pem }',
        '{ by: smsWebhook, phone: +46 701234567, listen: "127.0.0.1:8025", token: "file:secret" }',
        '{ by: smsApi, phone: +46 701234567, url: "https://sms.b.example/", authorization: "file:secret" }',
        '{ by: questions, answers: [{ question: Q, answer: "file:secret" }] }',
        '{ by: person, method: email }',
      ].join(', '),
    );
    const [imap, webhook, api, questions, person] = found;
    expect(imap).toMatchObject({ by: 'imap', port: 993, security: 'tls', folder: 'INBOX', ca: PEM });
    expect(webhook).toMatchObject({ by: 'smsWebhook', text: 'text' });
    expect(api).toMatchObject({
      by: 'smsApi',
      messages: 'messages',
      id: 'id',
      text: 'body',
      at: 'date',
      ca: undefined,
    });
    expect(person).toEqual({ by: 'person', method: 'email', phone: undefined, withinSeconds: 300 });
    const secrets = [
      imap?.by === 'imap' && imap.password,
      webhook?.by === 'smsWebhook' && webhook.token,
      api?.by === 'smsApi' && api.authorization,
      questions?.by === 'questions' && questions.answers[0]!.answer,
    ];
    expect(secrets.map((secret) => secret && secret.reveal())).toEqual(Array(4).fill('from-a-file'));
    expect(JSON.stringify(found)).not.toContain('from-a-file');
  });

  for (const [name, way, code, message] of [
    [
      'a secret',
      '{ by: imap, host: h.example, user: d, password: "file:gone" }',
      'secret-missing',
      /^accounts\.1\.verification\.0\.password: cannot read .*gone/,
    ],
    [
      'an answer',
      '{ by: questions, answers: [{ question: Q, answer: "file:gone" }] }',
      'secret-missing',
      /^accounts\.1\.verification\.0\.answers\.0\.answer: /,
    ],
    [
      'a certificate',
      '{ by: smsApi, phone: +46 701234567, url: "https://s.example/", authorization: "file:secret", certificateAuthority: secret }',
      'ca-unreadable',
      /^accounts\.1\.verification\.0\.certificateAuthority: .* holds no certificate/,
    ],
  ] as const) {
    it(`are named by the key when ${name} is missing`, () => {
      let fault: unknown;
      try {
        ways(way);
      } catch (error) {
        fault = error;
      }
      expect(fault).toBeInstanceOf(Fault);
      expect(fault).toMatchObject({ code, blame: 'config' });
      expect((fault as Fault).message).toMatch(message);
    });
  }

  it('are named by the key of the machine when they are its own', () => {
    const own =
      ', account: { upn: a@b.example, displayName: A, verification: [{ by: imap, host: h.example, user: a, password: "file:gone" }] }';
    expect(() => upnsOf('win7', loaded('', own))).toThrow(
      /^machines\.0\.account\.verification\.0\.password: /,
    );
  });

  it('are those of the lab in the lab', () => {
    const users = [
      {
        machine: 'win7',
        account: 'anna',
        displayName: 'Anna',
        upn: 'anna@lab.example',
        mailbox: 'm@lab.example',
      },
    ];
    const lab = { users } as unknown as LabState;
    expect(labAccount(lab, 'win7')).toEqual({
      upn: 'anna@lab.example',
      displayName: 'Anna',
      verification: [{ by: 'mailbox', mailbox: 'm@lab.example' }],
    });
    expect(() => labAccount(lab, 'win9')).toThrow('The lab has no user for the machine win9');
  });
});
