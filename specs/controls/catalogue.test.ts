import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import { type Outcome, OUTCOMES, SEVERITIES } from '../../harness/core/outcome.ts';
import type { Facts } from '../../harness/guest/facts.ts';
import { CATALOGUE, controlById } from './catalogue.ts';
import { OPERATING_SYSTEMS, STAGES, type Stage } from './control.ts';
import { ENGLISH_DOCUMENT, STATEMENTS } from './english-document.ts';
import { factsOf, present, provider, subjectOf, unreadable } from './fixtures.ts';
import { FACTS } from './sources.ts';

const SPECS = fileURLToPath(new URL('..', import.meta.url));

/** The text of every spec, by its file's path below specs/. */
const specTexts = (): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(SPECS, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.startsWith('controls') && !path.endsWith('.test.ts'))
      .map((path) => [path, readFileSync(join(SPECS, path), 'utf8')]),
  );

const FAMILIES = [
  'prerequisites',
  'environment',
  'tls',
  'proxy',
  'install',
  'refusals',
  'logon',
  'audit',
  'logging',
  'uninstall',
  'down',
];

describe('The catalogue', () => {
  it('gives every control an id of its own, made of its family and a name', () => {
    const ids = CATALOGUE.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids)
      expect(id).toMatch(new RegExp(`^(${FAMILIES.join('|')})\\.[a-z0-9]+(-[a-z0-9]+)*$`));
    expect([...new Set(ids.map((id) => id.split('.')[0]))]).toEqual(FAMILIES);
  });

  it('tells of every control what it asks, why, how bad a failure is, where it applies and what to do', () => {
    for (const { id, title, rationale, remediation, severity, stage, appliesTo } of CATALOGUE) {
      expect(title, id).toMatch(/^[A-Z].{15,}[^.]$/);
      expect(rationale, id).toMatch(/^[A-Z].{25,}\.$/s);
      expect(remediation, id).toMatch(/^[A-Z].{10,}\.$/s);
      expect(SEVERITIES, id).toContain(severity);
      expect(STAGES, id).toContain(stage);
      expect(appliesTo.os.length, id).toBeGreaterThan(0);
      expect(
        appliesTo.os.every((os) => OPERATING_SYSTEMS.includes(os)),
        id,
      ).toBe(true);
    }
  });

  it('leaves no control undecided: its stage hands the facts to its judge, or a spec decides it by its id', () => {
    const specs = specTexts();
    const specOf = (stage: Stage): string =>
      [...specs].find(([path]) => path.endsWith(`-${stage}.spec.ts`))?.[1] ?? '';
    const everything = [...specs.values()].join('\n');
    const undecided = CATALOGUE.filter(({ id, judge, stage }) =>
      judge === undefined ? !everything.includes(`'${id}'`) : !/^\s+judge\(/m.test(specOf(stage)),
    );
    expect(undecided.map(({ id }) => id)).toEqual([]);
  });

  it('rests on earlier stages only', () => {
    for (const { id, stage, needs = [] } of CATALOGUE)
      for (const need of needs) expect(STAGES.indexOf(need), id).toBeLessThan(STAGES.indexOf(stage));
  });

  it('cites sources that exist', () => {
    for (const { id, source } of CATALOGUE) {
      if (source.document === 'facts') {
        expect(Object.keys(FACTS), id).toContain(source.section);
        continue;
      }
      const [first, last] = source.lines;
      expect(first, id).toBeLessThanOrEqual(last);
      expect(last, id).toBeLessThanOrEqual(ENGLISH_DOCUMENT.lines);
      const cited = STATEMENTS.filter(({ lines }) => lines[0] <= last && lines[1] >= first);
      expect(
        cited.some(({ controls }) => controls.includes(id)),
        `${id} cites lines ${first} to ${last}, but no statement there names it`,
      ).toBe(true);
    }
  });

  it('names only sections of the facts that a control rests on', () => {
    const cited = CATALOGUE.flatMap(({ source }) => (source.document === 'facts' ? [source.section] : []));
    expect(Object.keys(FACTS).sort()).toEqual([...new Set<string>(cited)].sort());
  });

  it('finds a control by its id, and says which there are when there is none', () => {
    expect(controlById('tls.client-enabled').severity).toBe('required');
    expect(() => controlById('tls.clientEnabled')).toThrow('There is no control "tls.clientEnabled"');
    expect(() => controlById('nothing')).toThrow(
      expect.objectContaining({ code: 'unknown-control', blame: 'config' }),
    );
  });
});

/** Every judge with each Windows that it applies to. `registration-gone` asks for the opposite of a healthy machine. */
const JUDGED = CATALOGUE.flatMap(({ id, judge, appliesTo }) =>
  judge === undefined ? [] : appliesTo.os.map((os) => ({ id, judge, os })),
);
/** Windows 8 is flagged on every machine: see that control. */
const EXCEPTIONS: Readonly<Record<string, Outcome>> = {
  'prerequisites.patched win8': 'notApplicable',
  'prerequisites.windows-8-documented win8': 'fail',
};
const PARTS = [
  'os',
  'tls',
  'connections',
  'handshakes',
  'proxy',
  'packages',
  'rebootPending',
  'credentialProviders',
  'products',
  'verboseLogging',
  'userAccountControl',
  'environment',
  'providerFilters',
] as const satisfies readonly (keyof Facts)[];

describe('The judges', () => {
  for (const { id, judge, os } of JUDGED) {
    it(`${id} finds nothing to object to on a healthy ${os}`, () => {
      const { outcome, summary } = judge(
        subjectOf(os, id === 'uninstall.registration-gone' ? { credentialProviders: [] } : {}),
      );
      expect(outcome, summary).toBe(EXCEPTIONS[`${id} ${os}`] ?? 'pass');
    });
  }

  it('cover every control of the stage that only reads facts', () => {
    const unjudged = CATALOGUE.filter(({ stage, judge }) => stage === 'checks' && judge === undefined);
    expect(unjudged).toEqual([]);
  });

  it('say "could not check" when a part that they look at failed as a whole and is not there', () => {
    const silent: string[] = [];
    for (const { id, judge, os } of JUDGED) {
      const failures = Object.fromEntries(PARTS.map((part) => [part, 'access is denied']));
      // The probe leaves out what it could not read.
      const facts = { schema: 1, scriptHost: { state: 'available' }, failures } as unknown as Facts;
      const { outcome, summary, remediation } = judge({ ...subjectOf(os), facts });
      if (outcome !== 'error' || !summary.includes('access is denied') || !remediation)
        silent.push(`${id} ${os}`);
    }
    expect(silent).toEqual([]);
  });

  it('say how to let the machine run scripts where it makes no connections for want of them', () => {
    const remedyOf = (state: 'available' | 'disabled'): string | undefined => {
      const facts = { schema: 1, scriptHost: { state }, failures: { connections: 'none made' } };
      const subject = { ...subjectOf('win7'), facts: facts as unknown as Facts };
      return controlById('tls.handshake').judge!(subject).remediation;
    };
    expect(remedyOf('disabled')).toContain('Windows Script Host');
    expect(remedyOf('available')).not.toContain('Windows Script Host');
  });

  it('judge as ever when a part failed that they do not look at', () => {
    const judge = controlById('prerequisites.uac-enabled').judge!;
    expect(judge(subjectOf('win7', { failures: { tls: 'access is denied' } })).outcome).toBe('pass');
  });

  it('never fail a machine for a value that could not be read', () => {
    const overrides = {
      tls: {
        enabled: unreadable,
        disabledByDefault: unreadable,
        winHttpProtocols: unreadable,
        winHttpProtocolsWow64: unreadable,
        cipherSuiteOrder: unreadable,
        systemSecureProtocols: unreadable,
        machineSecureProtocols: unreadable,
        policySecureProtocols: unreadable,
      },
      proxy: Object.fromEntries(Object.keys(factsOf('win7').proxy).map((name) => [name, unreadable])),
      verboseLogging: unreadable,
      userAccountControl: unreadable,
      credentialProviders: factsOf('win7').credentialProviders.map((one) => ({ ...one, dll: unreadable })),
      environment: {
        ...factsOf('win7').environment,
        networkSignOns: unreadable,
        remoteSessions: unreadable,
      },
    };
    const blind = new Set<string>();
    for (const { id, judge, os } of JUDGED) {
      const { outcome, summary } = judge(subjectOf(os, overrides));
      expect(OUTCOMES).toContain(outcome);
      if (EXCEPTIONS[`${id} ${os}`] !== 'fail')
        expect(outcome, `${id} on ${os}: ${summary}`).not.toBe('fail');
      if (outcome === 'error') blind.add(id);
    }
    expect([...blind].sort()).toEqual([
      'environment.network-sign-on',
      'environment.no-remote-session',
      'install.registered',
      'logging.verbose-not-left-on',
      'prerequisites.uac-enabled',
      'proxy.settings-agree',
      'proxy.settings-readable',
      'proxy.ways-to-portal',
      'tls.cipher-suite-order',
      'tls.client-enabled',
      'tls.registry-agrees',
      'tls.winhttp-protocols',
      'tls.winhttp-protocols-not-narrowed',
      'tls.wininet-protocols',
      'uninstall.registration-gone',
    ]);
  });

  it('say what was expected and what was seen, and what else to do, when they fail', () => {
    const broken = {
      os: { build: 7600, version: '6.1.7600', servicePack: '' },
      tls: {
        enabled: { state: 'present', value: 0 },
        winHttpProtocols: { state: 'present', value: 0x80 },
        cipherSuiteOrder: { state: 'present', value: 'TLS_RSA_WITH_RC4_128_SHA' },
      },
      connections: [],
      packages: [],
      rebootPending: ['RebootPending'],
      credentialProviders: [],
      products: [],
      verboseLogging: { state: 'present', value: 1 },
      userAccountControl: { state: 'present', value: 0 },
      environment: {
        ...factsOf('win7').environment,
        networkSignOns: present([{ profile: 'dot3svc', type: 'preLogon' }] as const),
        remoteSessions: present(['rdp-tcp#0']),
      },
      providerFilters: [provider({})],
    } as const;
    const failing = JUDGED.filter(({ os }) => os === 'win7').flatMap(({ id, judge }) => {
      const verdict = judge(subjectOf('win7', broken));
      return verdict.outcome === 'fail' ? [{ id, verdict }] : [];
    });
    expect(failing.map(({ id }) => id)).toEqual([
      'prerequisites.os-supported',
      'prerequisites.patched',
      'prerequisites.no-restart-pending',
      'prerequisites.uac-enabled',
      'environment.provider-filters',
      'environment.network-sign-on',
      'environment.no-remote-session',
      'tls.client-enabled',
      'tls.winhttp-protocols',
      'tls.cipher-suite-order',
      'tls.registry-agrees',
      'install.registered',
      'install.uninstall-entry',
      'logging.verbose-not-left-on',
    ]);
    for (const { id, verdict } of failing) {
      expect(verdict.expected, id).toBeTruthy();
      expect(verdict.observed, id).toBeTruthy();
    }
  });
});
