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
  text.replace(/^( *)# ( *)(?=# |[a-z][A-Za-z]*:(?: |$))/gm, '$1$2');

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
    expect(config.tenant?.graph).toBe('https://graph.microsoft.com');
    expect(config.limits.audit).toBe(900);
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
    const config = parseConfig(text, 'sspr.yaml');
    expect(config.winrm).toMatchObject({ password: 'env:SSPR_WINRM_PASSWORD', proxy: expect.any(String) });
    expect(config.console.webService?.user).toBe('qa');
    expect(config.machines[0]?.winrmFingerprint).toBe('ab'.repeat(32));
    const shown = new Set([...text.matchAll(/^[ -]*([A-Za-z]+):/gm)].map(([, key]) => key));
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
