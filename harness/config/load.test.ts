import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import * as z from 'zod';
import { Fault } from '../core/errors.ts';
import { resolveAccess } from './access.ts';
import { EXAMPLE_CONFIG } from './example.ts';
import { loadConfig, parseConfig, readSecret } from './load.ts';
import { configSchema } from './schema.ts';

const REAL = `version: 1
package: { path: ./SsprWindowsLogon.PROD.msi }
tenant:
  id: 11111111-2222-4333-8444-555555555555
  clientId: 11111111-2222-4333-8444-555555555556
  clientSecret: env:SECRET
machines:
  - name: win7
    os: win7
    provider: virtualbox
    account: { upn: a@b.example, displayName: A, mailbox: c@b.example }
`;

/** The example with its commented keys in force: comments in words stay comments. */
const uncommented = (text: string): string =>
  text.replace(/^( *)# ( *)(?=# |(?:- )?[a-z][A-Za-z]*:(?: |$))/gm, '$1$2');

/** Lines of the example of which only one kind can be in force at a time. */
const ALTERNATIVES: readonly (readonly RegExp[])[] = [
  [
    /^ {2}clientSecret: .*\n/m,
    /^ {2}certificate: .*\n {2}certificatePassword: .*\n/m,
    /^ {2}workloadIdentity: .*\n/m,
    /^ {2}managedIdentity: .*\n/m,
  ],
  [/^passwords: .*memory.*\n/m, /^passwords: .*file.*\n/m, /^passwords: .*command.*\n/m],
];

/** The text once for each alternative, so that each is in force in one of them. */
const variants = (text: string): string[] =>
  Array.from({ length: Math.max(...ALTERNATIVES.map((kinds) => kinds.length)) }, (_, variant) =>
    ALTERNATIVES.reduce((left, kinds) => {
      const chosen = kinds[Math.min(variant, kinds.length - 1)];
      return kinds.reduce((rest, kind) => {
        expect(text).toMatch(kind);
        return kind === chosen ? rest : rest.replace(kind, '');
      }, left);
    }, text),
  );

/** Names of all keys of a schema. */
function keysOf(schema: z.ZodType): string[] {
  const names: string[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'properties') names.push(...Object.keys(value as object));
      walk(value);
    }
  };
  walk(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  return [...new Set(names)];
}

const messageOf = (text: string): string => {
  try {
    parseConfig(text, 'sspr.yaml');
  } catch (error) {
    if (error instanceof Fault) return error.message;
  }
  throw new Error('the configuration was accepted');
};

describe('the configuration', () => {
  it('accepts a real set-up and fills in the defaults', () => {
    const config = parseConfig(REAL, 'sspr.yaml');
    expect(config.tenant?.cloud).toBe('global');
    expect(config.limits.audit).toBe(900);
    expect(config.accountBudget).toEqual({ perHour: 4, perDay: 5 });
    expect(config.passwords).toEqual({ keep: 'memory' });
    expect(config.policy.methodsRequired).toBe(1);
  });

  it('is that of the lab where the lab is named, whatever the project has', () => {
    const { config, file } = loadConfig('lab');
    expect(file).toBeUndefined();
    expect(config.machines.map(({ provider }) => provider)).toEqual(['lab', 'lab', 'lab']);
  });

  it('accepts the example that sspr init writes', () => {
    expect(parseConfig(EXAMPLE_CONFIG, 'sspr.yaml').machines).toHaveLength(3);
  });

  it('accepts every line of the example that is commented out, and knows no key that is not there', () => {
    // Certificates are for HTTPS.
    const text = uncommented(EXAMPLE_CONFIG)
      .replace('scheme: http ', 'scheme: https ')
      .replace('64 hexadecimal digits', 'ab'.repeat(32));
    const [config, ...others] = variants(text).map((variant) => parseConfig(variant, 'sspr.yaml'));
    expect(others.map(({ passwords }) => passwords.keep)).toEqual(['file', 'command', 'command']);
    expect(others.at(-1)?.tenant).toMatchObject({ managedIdentity: true, cloud: 'global' });
    expect(config?.accounts.at(-1)?.verification).toHaveLength(6);
    expect(config?.winrm).toMatchObject({ password: 'env:SSPR_WINRM_PASSWORD', proxy: expect.any(String) });
    expect(config?.console.webService?.user).toBe('qa');
    expect(config?.machines[0]?.winrmFingerprint).toBe('ab'.repeat(32));
    const shown = new Set(
      [...text.matchAll(/(?:^[ -]*|[{,] *)([A-Za-z][A-Za-z0-9]*):/gm)].map(([, key]) => key),
    );
    expect(keysOf(configSchema).filter((key) => !shown.has(key))).toEqual([]);
  });

  for (const [name, text, expected] of [
    ['broken YAML', 'version: [1', /^sspr\.yaml:1:\d+ is not YAML/],
    [
      'a wrong type',
      REAL.replace('version: 1', 'version: one'),
      /^sspr\.yaml:1:10 version: .*1.* \(found "one"\)/,
    ],
    [
      'an unknown Windows',
      REAL.replace('os: win7', 'os: win95'),
      /^sspr\.yaml:9:9 machines\.0\.os: .*win7.*\(found "win95"\)/,
    ],
    ['an unknown key', `${REAL}colour: blue\n`, /colour/],
    [
      'a pinned certificate without https',
      REAL.replace('    account:', `    winrmFingerprint: ${'ab'.repeat(32)}\n    account:`),
      /machines\.0\.winrmFingerprint: found beside winrm\.scheme http; expected https with it/,
    ],
    [
      'a fingerprint of another kind',
      REAL.replace('    account:', '    winrmFingerprint: ab:cd\n    account:'),
      /expected a SHA-256: 64 hexadecimal digits/,
    ],
    [
      'an unknown authentication',
      `${REAL}winrm: { authentication: digest }\n`,
      /winrm\.authentication: .*"auto"\|"ntlm".*\(found "digest"\)/,
    ],
    [
      'a password that would travel readable to another host',
      `${REAL}console: { webService: { url: 'http://vbox.example:18083/', user: qa, password: env:X } }\n`,
      /console\.webService\.url: .*expected https, or an address of this host/,
    ],
    [
      'what is no address',
      `${REAL}console: { webService: { url: nonsense, user: qa, password: env:X } }\n`,
      /console\.webService\.url: Invalid URL.*\(found "nonsense"\)/,
    ],
    [
      'an authority for what PowerShell does by the settings of Windows',
      `${REAL}winrm: { scheme: https, authentication: kerberos, certificateAuthority: ca.pem }\n`,
      /winrm\.certificateAuthority: found beside authentication kerberos/,
    ],
    [
      'a fingerprint for it',
      `${REAL.replace('    account:', `    winrmFingerprint: ${'ab'.repeat(32)}\n    account:`)}winrm: { scheme: https, authentication: negotiate }\n`,
      /machines\.0\.winrmFingerprint: found beside authentication negotiate/,
    ],
    [
      'a literal secret',
      REAL.replace('env:SECRET', 'hunter2'),
      /^sspr\.yaml:6:17 tenant\.clientSecret: expected env:NAME or file:PATH/,
    ],
    [
      'a tenant in the lab',
      REAL.replace('virtualbox', 'lab'),
      /^sspr\.yaml:4:3 tenant: found a tenant beside lab machines/,
    ],
    ['an empty file', '', /^sspr\.yaml:1:1 the file/],
    [
      'a real machine without an account',
      REAL.replace(/ {4}account.*\n/, ''),
      /machines\.0: account is missing/,
    ],
  ] as const) {
    it(`refuses ${name}, naming file, line, column and key`, () => {
      expect(messageOf(text)).toMatch(expected);
    });
  }

  describe('of test users, tenant and passwords', () => {
    const CLIENT = 'clientId: 11111111-2222-4333-8444-555555555556';
    /** A line a key, so that the line of each mistake is known. */
    const pool = (user: string, rest = '', tenant = `${CLIENT}, clientSecret: env:SECRET`): string =>
      `version: 1
package: { path: ./SsprWindowsLogon.PROD.msi }
machines: [{ name: win7, os: win7, provider: virtualbox }]
tenant: { id: 11111111-2222-4333-8444-555555555555, ${tenant} }
accounts:
  - { upn: a@b.example, displayName: A${user} }
${rest}`;
    const MAILBOX = ', mailbox: c@b.example';
    const proves = (way: string): string => pool(`, verification: [${way}]`);
    const has = (tenant: string): string => pool(MAILBOX, '', tenant);
    const with_ = (rest: string): string => pool(MAILBOX, rest);

    it('is accepted where it is right', () => {
      const { accounts } = parseConfig(pool(`${MAILBOX}, machines: [win7]`), 'sspr.yaml');
      expect(accounts).toMatchObject([{ upn: 'a@b.example', mailbox: 'c@b.example', machines: ['win7'] }]);
    });

    const WAY = String.raw`6:\d+ accounts\.0\.verification`;
    for (const [name, text, expected] of [
      [
        'a user without a way',
        pool(''),
        String.raw`6:5 accounts\.0: verification is missing; expected it, or mailbox`,
      ],
      [
        'a user with both',
        pool(`${MAILBOX}, verification: [{ by: mailbox, mailbox: c@b.example }]`),
        String.raw`6:\d+ accounts\.0\.mailbox: found beside verification; expected one of them`,
      ],
      [
        'a user twice, in capitals',
        with_('  - { upn: A@B.example, displayName: B, mailbox: c@b.example }\n'),
        String.raw`7:12 accounts\.1\.upn: found A@B\.example twice`,
      ],
      [
        'a user for an unknown machine',
        pool(`${MAILBOX}, machines: [win7, win9]`),
        String.raw`6:\d+ accounts\.0\.machines\.1: found win9; expected one of: win7`,
      ],
      [
        'users for other machines only',
        pool(`${MAILBOX}, machines: [win7]`).replace(
          '[{ name',
          '[{ name: win8, os: win8, provider: virtualbox }, { name',
        ),
        String.raw`3:12 machines\.0: account is missing, and none of accounts serves this machine`,
      ],
      [
        'an unknown way',
        proves('{ by: fax }'),
        `${WAY}\\.0\\.by: .*Expected 'mailbox' \\| 'imap' .*found "fax"`,
      ],
      ['no way', proves(''), `${WAY}: .*expected array to have >=1 items`],
      [
        'a mail server without a name',
        proves('{ by: imap, user: u, password: env:P }'),
        `${WAY}\\.0\\.host: .*expected string`,
      ],
      [
        'a literal password of a mail server',
        proves('{ by: imap, host: h.example, user: u, password: hunter2 }'),
        `${WAY}\\.0\\.password: expected env:NAME or file:PATH, never the secret itself$`,
      ],
      [
        'a webhook that the world can reach',
        proves('{ by: smsWebhook, phone: +46 701234567, listen: "0.0.0.0:80", token: env:T }'),
        `${WAY}\\.0\\.listen: expected a loopback address with port .*found "0\\.0\\.0\\.0:80"`,
      ],
      [
        'a telephone number as people write it',
        proves('{ by: smsWebhook, phone: "070-1234567", listen: "127.0.0.1:8025", token: env:T }'),
        `${WAY}\\.0\\.phone: expected .*\\+CC NNNN .*found "070-1234567"`,
      ],
      [
        'a provider of messages without TLS',
        proves('{ by: smsApi, phone: +46 701234567, url: "http://sms.example/", authorization: env:T }'),
        `${WAY}\\.0\\.url: expected https, or an address of this host .*found "http://sms\\.example/"`,
      ],
      [
        'a place in a message that is none',
        proves(
          '{ by: smsApi, phone: +46 701234567, url: "https://sms.example/", authorization: env:T, text: "a b" }',
        ),
        `${WAY}\\.0\\.text: expected names with dots: message\\.body .*found "a b"`,
      ],
      [
        'questions without answers',
        proves('{ by: questions, answers: [] }'),
        `${WAY}\\.0\\.answers: .*>=1 items`,
      ],
      [
        'a literal answer',
        proves('{ by: questions, answers: [{ question: Q, answer: Stockholm }] }'),
        `${WAY}\\.0\\.answers\\.0\\.answer: expected env:NAME or file:PATH[^(]*$`,
      ],
      [
        'a person with a carrier pigeon',
        proves('{ by: person, method: pigeon }'),
        `${WAY}\\.0\\.method: .*"email"\\|"sms".*found "pigeon"`,
      ],
      ['a person without a telephone', proves('{ by: person, method: sms }'), `${WAY}\\.0: phone is missing`],
      [
        'a budget beyond the block',
        with_('accountBudget: { perHour: 6 }\n'),
        String.raw`7:27 accountBudget\.perHour: .*<=5 .*found 6`,
      ],
      [
        'a budget of nothing',
        with_('accountBudget: { perDay: 0 }\n'),
        String.raw`7:26 accountBudget\.perDay: .*>=1 .*found 0`,
      ],
      [
        'passwords on paper',
        with_('passwords: { keep: paper }\n'),
        String.raw`7:20 passwords\.keep: .*'memory' \| 'file' \| 'command' .*found "paper"`,
      ],
      [
        'passwords in no file',
        with_('passwords: { keep: file }\n'),
        String.raw`7:12 passwords\.path: .*expected string`,
      ],
      [
        'passwords for no command',
        with_('passwords: { keep: command, command: [] }\n'),
        String.raw`7:38 passwords\.command: .*>=1 items`,
      ],
      [
        'a file of passwords in memory',
        with_('passwords: { keep: memory, path: x }\n'),
        String.raw`7:12 passwords: .*"path"`,
      ],
      ['an empty state folder', with_('stateFolder: ""\n'), String.raw`7:14 stateFolder: .*>=1 characters`],
      [
        'three methods',
        with_('policy: { methodsRequired: 3 }\n'),
        String.raw`7:28 policy\.methodsRequired: expected 1 or 2 \(found 3\)`,
      ],
      [
        'two methods of a user who has one',
        with_('policy: { methodsRequired: 2 }\n'),
        String.raw`6:5 accounts\.0: found one method, email; expected two different ones`,
      ],
      [
        'an empty client type',
        with_('policy: { clientTypes: [""] }\n'),
        String.raw`7:25 policy\.clientTypes\.0: .*>=1 characters`,
      ],
      [
        'a tenant without a credential',
        has(CLIENT),
        String.raw`4:9 tenant: found no credential; expected exactly one of clientSecret, certificate, workloadIdentity, managedIdentity`,
      ],
      [
        'a tenant with two',
        has(`${CLIENT}, clientSecret: env:S, managedIdentity: true`),
        String.raw`4:9 tenant: found clientSecret and managedIdentity; expected exactly one`,
      ],
      [
        'a literal certificate',
        has(`${CLIENT}, certificate: app.pem`),
        String.raw`4:\d+ tenant\.certificate: expected env:NAME or file:PATH`,
      ],
      [
        'a password of no certificate',
        has(`${CLIENT}, clientSecret: env:S, certificatePassword: env:P`),
        String.raw`4:\d+ tenant\.certificatePassword: found without certificate; expected both`,
      ],
      [
        'a workload identity without its file',
        has(`${CLIENT}, workloadIdentity: {}`),
        String.raw`4:\d+ tenant\.workloadIdentity\.tokenFile: .*expected string`,
      ],
      [
        'a managed identity that is none',
        has(`${CLIENT}, managedIdentity: false`),
        String.raw`4:\d+ tenant\.managedIdentity: .*expected true .*found false`,
      ],
      ['a tenant without a client', has('clientSecret: env:S'), '4:9 tenant: clientId is missing'],
      [
        'an unknown cloud',
        has(`${CLIENT}, clientSecret: env:S, cloud: mars`),
        String.raw`4:\d+ tenant\.cloud: .*"global"\|"usGov".*found "mars"`,
      ],
      [
        'a proxy of another kind',
        has(`${CLIENT}, clientSecret: env:S, proxy: "socks://p:1"`),
        String.raw`4:\d+ tenant\.proxy: expected http://HOST:PORT \(found "socks://p:1"\)`,
      ],
    ] as const) {
      it(`refuses ${name}, by one error with its place`, () => {
        const message = messageOf(text);
        expect(message).toMatch(new RegExp(`^sspr\\.yaml:${expected}`));
        expect(message.split('\n')).toHaveLength(1);
      });
    }
  });

  describe('of what is tried besides', () => {
    const lab = (line: string): string =>
      `version: 1\nmachines: [{ name: win7, os: win7, language: sv }, { name: win8, os: win8 }]\n${line}\n`;

    it('is accepted where it is right', () => {
      const { refusals, trials, captions, machines } = parseConfig(
        lab(
          'refusals: [{ upn: a@b.example, expects: notRegistered, machines: [win7] }]\ntrials: [weakPassword]\ncaptions: [./sv.yaml]',
        ),
        'sspr.yaml',
      );
      expect(refusals).toEqual([{ upn: 'a@b.example', expects: 'notRegistered', machines: ['win7'] }]);
      expect([trials, captions, machines.map(({ language }) => language)]).toEqual([
        ['weakPassword'],
        ['./sv.yaml'],
        ['sv', 'en'],
      ]);
    });

    for (const [what, line, told] of [
      [
        'a reason that there is not',
        'refusals: [{ upn: a@b.example, expects: tired }]',
        /^sspr\.yaml:3:\d+ refusals\.0\.expects: .*"blocked".*found "tired"/,
      ],
      [
        'a user twice',
        'refusals: [{ upn: a@b.example, expects: blocked }, { upn: A@b.example, expects: policyOff }]',
        /^sspr\.yaml:3:\d+ refusals\.1\.upn: found A@b\.example twice/,
      ],
      [
        'a machine that there is not',
        'refusals: [{ upn: a@b.example, expects: blocked, machines: [win9] }]',
        /refusals\.0\.machines\.0: found win9; expected one of: win7, win8/,
      ],
      ['an unknown trial', 'trials: [wrongUser]', /^sspr\.yaml:3:\d+ trials\.0: .*"wrongCode"/],
      ['a language that there is not', 'machines: [{ name: x, os: win7, language: de }]', /language/],
      [
        'an update without its number',
        'policy: { patches: { win7: [[SP1]] } }',
        /^sspr\.yaml:3:\d+ policy\.patches\.win7\.0\.0: expected the number of an update/,
      ],
      [
        'updates of another Windows',
        'policy: { patches: { win10: [[KB3140245]] } }',
        /policy\.patches: .*"win10"/,
      ],
    ] as const)
      it(`refuses ${what}, by one error with its place`, () => {
        expect(() => parseConfig(lab(line).replace(/machines.*\nmachines/, 'machines'), 'sspr.yaml')).toThrow(
          told,
        );
      });
  });

  describe('of waivers', () => {
    /** One a line, from the fourth on. */
    const waived = (...waivers: string[]): string =>
      ['version: 1', 'machines: [{ name: win7, os: win7 }, { name: win8, os: win8 }]', 'waivers:']
        .concat(waivers.map((each) => `  - { ${each} }`))
        .join('\n');
    const TERMS = 'owner: Quality, reason: It is replaced soon, expires: 2027-03-31';
    const one = (change: (terms: string) => string): string => waived(`control: a.b, ${change(TERMS)}`);

    it('is accepted where it is right, for some machines or for all', () => {
      const { waivers } = parseConfig(
        waived(
          `control: a.b, machines: [win7], ${TERMS}`,
          `control: a.b, machines: [win8], ${TERMS}`,
          `control: c.d, ${TERMS}`,
        ),
        'sspr.yaml',
      );
      expect(waivers).toHaveLength(3);
      expect(waivers[0]).toEqual({
        control: 'a.b',
        machines: ['win7'],
        owner: 'Quality',
        reason: 'It is replaced soon',
        expires: '2027-03-31',
      });
      expect(waivers[2]?.machines).toBeUndefined();
      expect(parseConfig(REAL, 'sspr.yaml').waivers).toEqual([]);
    });

    for (const [name, text, expected] of [
      [
        'no more than a word of a reason',
        one((terms) => terms.replace('It is replaced soon', 'because')),
        String.raw`4:\d+ waivers\.0\.reason: expected a reason, of 10 characters or more \(found "because"\)`,
      ],
      [
        'a reason of spaces',
        one((terms) => terms.replace('It is replaced soon', `"${' '.repeat(20)}"`)),
        String.raw`4:\d+ waivers\.0\.reason: expected a reason`,
      ],
      [
        'nobody as its owner',
        one((terms) => terms.replace('Quality', '" "')),
        String.raw`4:\d+ waivers\.0\.owner: expected who answers for it \(found " "\)`,
      ],
      [
        'no owner',
        one((terms) => terms.replace('owner: Quality,', '')),
        String.raw`4:5 waivers\.0\.owner: .*expected string`,
      ],
      [
        'a day that no calendar has',
        one((terms) => terms.replace('03-31', '02-29')),
        String.raw`4:\d+ waivers\.0\.expires: expected a day of the calendar, YYYY-MM-DD \(found "2027-02-29"\)`,
      ],
      [
        'a day as people write it',
        one((terms) => terms.replace('2027-03-31', '31.3.2027')),
        String.raw`4:\d+ waivers\.0\.expires: expected a day of the calendar.*found "31\.3\.2027"`,
      ],
      ['no end', one((terms) => terms.replace(/, expires.*/, '')), String.raw`4:5 waivers\.0\.expires: `],
      ['a key too many', one((terms) => `${terms}, approved: yes`), String.raw`4:5 waivers\.0: .*"approved"`],
      [
        'an unknown machine',
        one((terms) => `machines: [win7, win9], ${terms}`),
        String.raw`4:\d+ waivers\.0\.machines\.1: found win9; expected one of: win7, win8`,
      ],
      [
        'no machine',
        one((terms) => `machines: [], ${terms}`),
        String.raw`4:\d+ waivers\.0\.machines: .*>=1 items`,
      ],
      [
        'a machine twice',
        one((terms) => `machines: [win7, win7], ${terms}`),
        String.raw`4:\d+ waivers\.0\.machines\.1: found a\.b waived twice for win7; expected one waiver`,
      ],
      [
        'a machine in two of the same control',
        waived(`control: a.b, machines: [win7, win8], ${TERMS}`, `control: a.b, machines: [win8], ${TERMS}`),
        String.raw`5:\d+ waivers\.1\.machines\.0: found a\.b waived twice for win8`,
      ],
      [
        'a machine beside all',
        waived(`control: a.b, machines: [win8], ${TERMS}`, `control: a.b, ${TERMS}`),
        String.raw`5:5 waivers\.1: found a\.b waived twice for win8`,
      ],
    ] as const) {
      it(`refuses ${name}, by one error with its place`, () => {
        const message = messageOf(text);
        expect(message).toMatch(new RegExp(`^sspr\\.yaml:${expected}`));
        expect(message.split('\n')).toHaveLength(1);
      });
    }
  });

  it('reports all mistakes at once', () => {
    const text = REAL.replace('os: win7', 'os: win95').replace('version: 1', 'version: 2');
    expect(messageOf(text).split('\n')).toHaveLength(2);
  });

  it('refuses a VNC password that would break the files of a provider, and does not show it', () => {
    process.env.SSPR_TEST_SECRET = 'a&b<c';
    try {
      const config = parseConfig(`${REAL}console: { vncPassword: 'env:SSPR_TEST_SECRET' }\n`, 'sspr.yaml');
      const resolving = () => resolveAccess({ config, file: undefined });
      expect(resolving).toThrow(/console\.vncPassword: found a character/);
      expect(resolving).not.toThrow(/a&b/);
      process.env.SSPR_TEST_SECRET = 'longer-than-8!';
      expect(resolving().vncPassword.reveal()).toBe('longer-t');
    } finally {
      delete process.env.SSPR_TEST_SECRET;
    }
  });

  it('says which file is missing', () => {
    expect(() => loadConfig('/nowhere/sspr.yaml')).toThrow(
      /Cannot read the configuration \/nowhere\/sspr.yaml/,
    );
  });

  it('reads secrets from the environment and from files, and says which one is missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sspr-config-'));
    try {
      writeFileSync(join(folder, 'secret'), 'from-file\n');
      const loaded = { config: parseConfig(REAL, 'x'), file: join(folder, 'sspr.yaml') };
      process.env.SSPR_TEST_SECRET = 'from-env';
      expect(readSecret('env:SSPR_TEST_SECRET', 'k', loaded).reveal()).toBe('from-env');
      expect(readSecret('file:secret', 'k', loaded).reveal()).toBe('from-file');
      expect(() => readSecret('env:SSPR_NOT_SET', 'tenant.clientSecret', loaded)).toThrow(
        /tenant\.clientSecret: .*SSPR_NOT_SET is not set/,
      );
      expect(() => readSecret('file:gone', 'tenant.clientSecret', loaded)).toThrow(/cannot read .*gone/);
    } finally {
      delete process.env.SSPR_TEST_SECRET;
      rmSync(folder, { recursive: true });
    }
  });
});
