import { expect } from '@playwright/test';
import { LANGUAGES, type Language } from '../../harness/core/languages.ts';
import type { Outcome } from '../../harness/core/outcome.ts';
import type { Facts, JoinState, NetworkSignOn } from '../../harness/guest/facts.ts';
import { controlById } from './catalogue.ts';
import { judgeLanguage } from './environment.ts';
import { factsOf, present, provider, subjectOf, unreadable } from './fixtures.ts';

const within = (changed: Partial<Facts['environment']>): Partial<Facts> => ({
  environment: { ...factsOf('win7').environment, ...changed },
});
const judged = (id: string, changed: Partial<Facts>) => controlById(id).judge!(subjectOf('win7', changed));

describe('environment.language-as-configured', () => {
  it('knows each language by the number that Windows has for it', () => {
    for (const [language, { lcid }] of Object.entries(LANGUAGES)) {
      const facts = factsOf('win7', { os: { locale: lcid } });
      expect(judgeLanguage(facts, language as Language).outcome, language).toBe('pass');
      const other = language === 'fr' ? 'sv' : 'fr';
      expect(judgeLanguage(facts, other).outcome, language).toBe('fail');
    }
  });

  const rows: [what: string, locale: string, configured: Language, outcome: Outcome][] = [
    ['French of Canada', '0c0c', 'fr', 'pass'],
    ['Spanish of Mexico', '080a', 'es', 'pass'],
    ['British English', '0809', 'en', 'pass'],
    ['simplified Chinese of Singapore', '1004', 'zh-CN', 'pass'],
    ['traditional Chinese', '0404', 'zh-CN', 'fail'],
    ['German', '0407', 'en', 'fail'],
  ];
  for (const [what, locale, configured, outcome] of rows) {
    it(`${outcome}: ${what} where ${configured} is configured`, () => {
      const verdict = judgeLanguage(factsOf('win81', { os: { locale } }), configured);
      expect(verdict).toMatchObject({ outcome, observed: expect.stringContaining(locale) });
    });
  }

  it('is not decided where the machine does not say which Windows it is', () => {
    expect(judgeLanguage(factsOf('win7', { failures: { os: 'access is denied' } }), 'en').outcome).toBe(
      'error',
    );
  });
});

describe('environment.provider-filters', () => {
  const filters = (...providerFilters: Facts['providerFilters']) =>
    judged('environment.provider-filters', { providerFilters });

  it('lets the filter of Windows be, and one that is disabled', () => {
    const own = provider({ clsid: '{DDC0EED2-ADBE-40b6-A217-EDE16A79A0DE}', name: 'GenericFilter' });
    expect(filters(own, provider({ disabled: true }))).toMatchObject({ outcome: 'pass', observed: 'none' });
  });

  it('names one of another maker', () => {
    expect(filters(provider({ name: 'Token Maker' }))).toMatchObject({
      outcome: 'fail',
      observed: 'Token Maker {11111111-2222-3333-4444-555555555555}',
    });
  });
});

describe('environment.network-sign-on', () => {
  const profile = (type: NetworkSignOn['type']): NetworkSignOn => ({ profile: `Wlansvc ${type}net`, type });
  const profiles = (...types: NetworkSignOn['type'][]) =>
    judged('environment.network-sign-on', within({ networkSignOns: present(types.map(profile)) }));

  it('fails for a profile that signs in before the logon, and names it', () => {
    expect(profiles('postLogon', '', 'preLogon')).toMatchObject({
      outcome: 'fail',
      summary: '802.1X signs in immediately before user logon: Wlansvc preLogonnet',
      observed: expect.stringContaining('no single sign-on'),
    });
  });

  it('passes with others, and without any', () => {
    expect(profiles('postLogon', '').outcome).toBe('pass');
    expect(profiles()).toMatchObject({ outcome: 'pass', observed: 'no profile with 802.1X' });
  });

  it('is not decided by profiles that could not be read', () => {
    expect(judged('environment.network-sign-on', within({ networkSignOns: unreadable })).outcome).toBe(
      'error',
    );
  });
});

describe('environment.no-remote-session', () => {
  const sessions = (remoteSessions: Facts['environment']['remoteSessions']) =>
    judged('environment.no-remote-session', within({ remoteSessions }));

  it('names the session, and never takes what could not be read for none', () => {
    expect(sessions(present(['rdp-tcp#0']))).toMatchObject({ outcome: 'fail', observed: 'rdp-tcp#0' });
    expect(sessions(present([])).outcome).toBe('pass');
    expect(sessions(unreadable).outcome).toBe('error');
  });
});

describe('environment.join-state-recorded', () => {
  const join = (state: JoinState) =>
    judged('environment.join-state-recorded', within({ join: { state, name: 'CONTOSO' } }));

  it('passes whatever it is, and tells of the domain controller where there is one', () => {
    for (const [state, controller] of [
      ['none', false],
      ['azureAd', false],
      ['domain', true],
      ['hybrid', true],
    ] as const) {
      const { outcome, summary, observed } = join(state);
      expect([outcome, observed]).toEqual(['pass', state]);
      expect(summary.includes('domain controller'), state).toBe(controller);
      expect(summary).toContain('CONTOSO');
    }
  });
});
