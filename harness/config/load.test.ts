import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { Fault } from '../core/errors.ts';
import { EXAMPLE_CONFIG } from './example.ts';
import { loadConfig, parseConfig, readSecret } from './load.ts';

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

  it('accepts the example that sspr init writes', () => {
    expect(parseConfig(EXAMPLE_CONFIG, 'sspr.yaml').machines).toHaveLength(3);
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
