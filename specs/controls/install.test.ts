import { expect } from '@playwright/test';
import type { Outcome, Verdict } from '../../harness/core/outcome.ts';
import type { CredentialProvider, Facts, Product } from '../../harness/guest/facts.ts';
import type { MsiFacts } from '../../harness/guest/msi.ts';
import type { MsiSignature } from '../../harness/guest/msi-signature.ts';
import { MSI_EXITS } from '../../harness/guest/msiexec-codes.ts';
import { controlById } from './catalogue.ts';
import { judgeExitCode } from './exit-codes.ts';
import { absent, factsOf, present, provider, RESET_PROVIDER, subjectOf, unreadable } from './fixtures.ts';
import {
  judgeArchitecture,
  judgeRestart,
  judgeSecondInstall,
  judgeSignature,
  judgeUpgrade,
  judgeVersion,
} from './install.ts';
import { judgeLeftovers } from './uninstall.ts';

const WINDOWS_OWN = factsOf('win7').credentialProviders.filter(({ clsid }) => clsid !== RESET_PROVIDER.clsid);
const judgeWith = (id: string, ...added: CredentialProvider[]): Verdict =>
  controlById(id).judge!(subjectOf('win7', { credentialProviders: [...WINDOWS_OWN, ...added] }));

describe('The registration of the add-in', () => {
  const cases: [string, CredentialProvider[], Outcome, Outcome][] = [
    ['registered, DLL there', [RESET_PROVIDER], 'pass', 'fail'],
    [
      'written in lower case',
      [{ ...RESET_PROVIDER, clsid: RESET_PROVIDER.clsid.toLowerCase() }],
      'pass',
      'fail',
    ],
    ['not registered', [], 'fail', 'pass'],
    ['another provider only', [provider({})], 'fail', 'pass'],
    ['disabled', [{ ...RESET_PROVIDER, disabled: true }], 'fail', 'fail'],
    ['DLL missing', [{ ...RESET_PROVIDER, dllExists: false }], 'fail', 'fail'],
    ['no DLL named', [{ ...RESET_PROVIDER, dll: absent, dllExists: null }], 'fail', 'pass'],
    ['DLL not looked for', [{ ...RESET_PROVIDER, dllExists: null }], 'error', 'fail'],
    ['COM class unreadable', [{ ...RESET_PROVIDER, dll: unreadable, dllExists: null }], 'error', 'error'],
  ];
  for (const [what, added, registered, gone] of cases) {
    it(`${what}: install.registered ${registered}, uninstall.registration-gone ${gone}`, () => {
      expect(judgeWith('install.registered', ...added).outcome).toBe(registered);
      expect(judgeWith('uninstall.registration-gone', ...added).outcome).toBe(gone);
    });
  }
});

describe('install.provider-count', () => {
  const count = (...added: CredentialProvider[]): Verdict =>
    judgeWith('install.provider-count', RESET_PROVIDER, ...added);
  const one = provider({ name: 'Fingerprint Maker' });
  const other = provider({ name: 'Token Maker', clsid: '{99999999-2222-3333-4444-555555555555}' });

  it('lets one of another maker be, and counts neither the add-in nor what is disabled', () => {
    expect(count().observed).toBe('0: none');
    expect(count(one).observed).toBe('1: Fingerprint Maker {11111111-2222-3333-4444-555555555555}');
    expect(count(one, { ...other, disabled: true }).outcome).toBe('pass');
  });

  it('names them when there are more', () => {
    const { outcome, observed } = count(one, other);
    expect(outcome).toBe('fail');
    expect(observed).toMatch(/^2: Fingerprint Maker .*, Token Maker /);
  });

  it('knows what Windows 8.1 brings along, in any case of letters', () => {
    const own = [
      '{60b78e88-ead8-445c-9cfd-0b87f74ea6cd}',
      '{2135F72A-90B5-4ED3-A7F1-8BB705AC276A}',
      '{cb82ea12-9f71-446d-89e1-8d0924e1256e}',
      '{F8A0B131-5F68-486c-8040-7E8FC3C85BB6}',
    ].map((clsid) => provider({ clsid }));
    expect(judgeWith('install.provider-count', ...own).observed).toBe('0: none');
  });
});

describe('install.uninstall-entry', () => {
  it('shows the entry by its name, or by its key where it has none', () => {
    const judge = controlById('install.uninstall-entry').judge!;
    const entry = { key: '{86D2F0AC}', displayName: '', displayVersion: '1.0', publisher: '', wow64: false };
    expect(judge(subjectOf('win7', { products: [entry] })).observed).toBe('{86D2F0AC} 1.0');
    expect(judge(subjectOf('win7', { products: [] })).outcome).toBe('fail');
  });
});

describe('Exit codes of msiexec', () => {
  const passing = (action: 'install' | 'uninstall', wanted: Outcome): number[] =>
    MSI_EXITS.filter(({ code }) => judgeExitCode(action, code).outcome === wanted).map(({ code }) => code);

  it('are a success when they say so, and only then', () => {
    expect(passing('install', 'pass')).toEqual([0, 1641, 3010]);
    expect(passing('uninstall', 'pass')).toEqual([0, 1605, 1614, 1641, 3010]);
  });

  it('are no verdict on the machine when msiexec could not get to work', () => {
    expect(passing('install', 'error')).toEqual(expect.arrayContaining([1601, 1618, 1622, 1639]));
    expect(passing('install', 'error')).not.toEqual(expect.arrayContaining([1603]));
  });

  it('say what to do when they are a failure, also when the code is unknown', () => {
    expect(judgeExitCode('install', 1633)).toMatchObject({
      outcome: 'fail',
      summary: 'msiexec ended with 1633: the package is for another processor architecture',
      observed: '1633 ERROR_INSTALL_PLATFORM_UNSUPPORTED',
      remediation: expect.stringContaining('architecture'),
    });
    expect(judgeExitCode('install', 112).outcome).toBe('fail');
    expect(judgeExitCode('install', 0).remediation).toBeUndefined();
  });
});

describe('install.package-fits-machine', () => {
  it('wants the architecture of the machine', () => {
    expect(judgeArchitecture('x64', 'x64').outcome).toBe('pass');
    expect(judgeArchitecture('x86', 'x64').outcome).toBe('fail');
  });
});

/** The package of the healthy machine. */
const MSI: MsiFacts = {
  path: '/p.msi',
  sha256: '',
  bytes: 1,
  architecture: 'x64',
  productCode: '{00000000-0000-0000-0000-000000000001}',
  productName: 'N',
  productVersion: '1.0.0',
  manufacturer: 'M',
  fileVersions: { 'ssprwindowslogon.dll': '1.0.0.0' },
};
const HEALTHY = factsOf('win7');
const [ENTRY] = HEALTHY.products as [Product];
const OLD: Product = { ...ENTRY, key: '{00000000-0000-0000-0000-00000000000F}', displayVersion: '0.9.0' };
const UNREAD = factsOf('win7', { failures: { products: 'access is denied' } });
const withDll = (changed: Partial<CredentialProvider>): Facts =>
  factsOf('win7', { credentialProviders: [{ ...RESET_PROVIDER, ...changed }] });

describe('install.version-matches-package', () => {
  const rows: [what: string, facts: Facts, outcome: Outcome, observed: string | undefined][] = [
    ['entry and DLL of the package', HEALTHY, 'pass', 'entry 1.0.0, SsprWindowsLogon.dll 1.0.0.0'],
    [
      'an entry of another version',
      factsOf('win7', { products: [{ ...ENTRY, displayVersion: '0.9.0' }] }),
      'fail',
      'entry 0.9.0, SsprWindowsLogon.dll 1.0.0.0',
    ],
    [
      'another product only',
      factsOf('win7', { products: [OLD] }),
      'fail',
      'entry absent, SsprWindowsLogon.dll 1.0.0.0',
    ],
    [
      'an old DLL',
      withDll({ dllVersion: present('0.9.0.0') }),
      'fail',
      'entry 1.0.0, SsprWindowsLogon.dll 0.9.0.0',
    ],
    ['products that could not be read', UNREAD, 'error', undefined],
  ];
  for (const [what, facts, outcome, observed] of rows) {
    it(`${outcome}: ${what}`, () => {
      const verdict = judgeVersion(MSI, facts);
      expect([verdict.outcome, verdict.observed]).toEqual([outcome, observed]);
    });
  }

  it('asks for no version of the DLL where the package names none', () => {
    const verdict = judgeVersion({ ...MSI, fileVersions: {} }, withDll({ dllVersion: absent }));
    expect(verdict).toMatchObject({ outcome: 'pass', observed: 'entry 1.0.0' });
  });

  it('is not decided by a version that could not be read', () => {
    expect(() => judgeVersion(MSI, withDll({ dllVersion: unreadable }))).toThrow(
      expect.objectContaining({ code: 'unreadable' }),
    );
  });
});

describe('install.second-install', () => {
  it('wants a success that changes nothing', () => {
    expect(judgeSecondInstall(0, HEALTHY, factsOf('win7')).outcome).toBe('pass');
    expect(judgeSecondInstall(3010, HEALTHY, HEALTHY).outcome).toBe('pass');
    expect(judgeSecondInstall(0, HEALTHY, factsOf('win7', { products: [] }))).toMatchObject({
      outcome: 'fail',
      observed: '0 ERROR_SUCCESS; changed: products',
    });
    expect(judgeSecondInstall(1638, HEALTHY, HEALTHY).outcome).toBe('fail');
    expect(judgeSecondInstall(1618, HEALTHY, HEALTHY).outcome).toBe('error');
    expect(judgeSecondInstall(0, HEALTHY, UNREAD).outcome).toBe('error');
  });
});

describe('install.upgrade', () => {
  const rows: [what: string, exitCode: number, facts: Facts, outcome: Outcome][] = [
    ['one entry of the new version', 0, HEALTHY, 'pass'],
    ['two entries', 0, factsOf('win7', { products: [ENTRY, OLD] }), 'fail'],
    ['no entry', 0, factsOf('win7', { products: [] }), 'fail'],
    ['the earlier entry', 0, factsOf('win7', { products: [OLD] }), 'fail'],
    ['no DLL any more', 0, withDll({ dllExists: false }), 'fail'],
    ['another version in the way', 1638, HEALTHY, 'fail'],
    ['another installation at work', 1618, HEALTHY, 'error'],
    ['entries that could not be read', 0, UNREAD, 'error'],
  ];
  for (const [what, exitCode, facts, outcome] of rows) {
    it(`${outcome}: ${what}`, () => expect(judgeUpgrade(exitCode, MSI, facts).outcome).toBe(outcome));
  }
});

describe('install.package-signed', () => {
  const signed: Extract<MsiSignature, { state: 'signed' }> = {
    state: 'signed',
    algorithm: 'sha256',
    digest: '00',
    withMetadata: false,
    signer: {
      commonName: 'Maker',
      organization: 'Maker Ltd',
      issuer: 'Authority',
      fingerprint: '00',
      validFrom: '2025-01-01T00:00:00.000Z',
      validTo: '2027-01-01T00:00:00.000Z',
      forCode: true,
    },
    chain: [],
    timeStamp: undefined,
    validThen: true,
  };

  it('passes for whoever has signed, and names him', () => {
    expect(judgeSignature(signed)).toMatchObject({ outcome: 'pass', summary: 'Signed by Maker Ltd' });
  });

  it('fails for no signature, and for one that does not hold', () => {
    for (const signature of [
      { state: 'unsigned' } as const,
      { state: 'broken', why: 'the package was changed after it was signed' } as const,
      { ...signed, validThen: false },
      { ...signed, signer: { ...signed.signer, forCode: false } },
    ])
      expect(judgeSignature(signature)).toMatchObject({
        outcome: 'fail',
        observed: expect.stringMatching(/./),
      });
  });
});

describe('uninstall.no-leftovers', () => {
  it('names what is left', () => {
    expect(judgeLeftovers([]).outcome).toBe('pass');
    expect(judgeLeftovers(['the file C:\\a.dll', 'the class K'])).toMatchObject({
      outcome: 'fail',
      summary: 'Left behind: the file C:\\a.dll; the class K',
    });
  });
});

describe('A restart', () => {
  const before = '2026-11-21T09:55:00.000Z';
  for (const [after, outcome] of [
    ['2026-11-21T10:01:00.000Z', 'pass'],
    ['2026-11-21T09:55:00.000Z', 'fail'],
    ['2026-11-21T09:55:00.900Z', 'fail'],
    ['2026-11-21T09:00:00.000Z', 'fail'],
    ['', 'error'],
  ] as const) {
    it(`${outcome}: boot time ${before}, then ${after || 'none'}`, () => {
      expect(judgeRestart(before, after).outcome).toBe(outcome);
    });
  }
});
