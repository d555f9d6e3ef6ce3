import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { toFault } from '../core/errors.ts';
import { CATALOGUE } from '../../specs/controls/catalogue.ts';
import { FAULTS, loadFaults, selectFaults } from './load.ts';

const GOOD = `id: uac-off
title: User Account Control is switched off
source: facts 1.3
machine: win7
state: installed
stages: [facts, checks]
seed:
  - guest: reg add HKLM\\SOFTWARE\\X /f
expect:
  prerequisites.uac-enabled: fail
`;

describe('the files of faults', () => {
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sspr-faults-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const mistakes = (): string => {
    try {
      loadFaults(folder, CATALOGUE);
    } catch (error) {
      const { message, code, blame } = toFault(error);
      expect({ code, blame }).toEqual({ code: 'faults-invalid', blame: 'config' });
      return message;
    }
    return 'none';
  };

  it('are all right as they come', () => {
    const faults = loadFaults(FAULTS, CATALOGUE);
    expect(faults.length).toBeGreaterThanOrEqual(25);
    expect(new Set(faults.map(({ id }) => id)).size).toBe(faults.length);
  });

  it('may say in short what they mean', () => {
    write('guest/uac-off.yaml', GOOD);
    expect(loadFaults(folder, CATALOGUE)).toMatchObject([
      {
        area: 'guest',
        machine: { os: 'win7', language: 'en' },
        seed: [{ door: 'guest', value: { line: 'reg add HKLM\\SOFTWARE\\X /f', exit: 0 } }],
        expect: { 'prerequisites.uac-enabled': { outcome: 'fail' } },
      },
    ]);
  });

  for (const [what, change, line, says] of [
    ['another id than its file', ['id: uac-off', 'id: uac-on'], 1, /found uac-on; expected uac-off/],
    ['no source', ['source: facts 1.3\n', ''], 1, /source: is missing; expected string/],
    ['an unknown key', ['state:', 'estate: x\nstate:'], 1, /unknown key estate; expected one of: id, title/],
    ['an unknown machine', ['win7', 'winxp'], 4, /found "winxp"; expected one of: win7, win8, win81/],
    ['an unknown stage', ['checks]', 'chekcs]'], 6, /found "chekcs"; expected one of: facts, install/],
    ['stages in another order', ['[facts, checks]', '[checks, facts]'], 6, /in the order of the story/],
    ['an unknown door', ['guest:', 'gust:'], 8, /unknown key gust; expected one of: guest, put, restart/],
    ['two doors in one step', ['guest:', 'restart: true\n    guest:'], 8, /exactly one door in each step/],
    ['an unknown outcome', [': fail', ': failed'], 10, /found "failed"; expected one of: pass, fail/],
    [
      'an unknown control',
      ['uac-enabled', 'uac-enabeld'],
      10,
      /no such control; expected one of: prerequisites.uac-enabled/,
    ],
    [
      'a control of another stage',
      ['prerequisites.uac-enabled', 'logon.tiles'],
      10,
      /decided in the stage logon/,
    ],
    ['a pattern of no control', ['expect:', 'follows: [lgon.*]\nexpect:'], 9, /no control and no family/],
    [
      'a wrong configuration',
      ['seed:', 'config: { limits: { audit: soon } }\nseed:'],
      7,
      /config.limits.audit/,
    ],
    ['bad YAML', ['[facts, checks]', '[facts, checks'], 7, /is not YAML/],
    ['a refusal beside expectations', ['expect:', 'refused: no\nexpect:'], 9, /decides no control/],
  ] as const)
    it(`with ${what} are refused, with file and line`, () => {
      write('guest/uac-off.yaml', GOOD.replace(change[0], change[1]));
      const found = mistakes();
      expect(found).toMatch(says);
      expect(found).toMatch(new RegExp(`guest/uac-off\\.yaml:${line}:\\d+ `));
    });

  it('of one id in two places are refused, beside every other mistake', () => {
    write('guest/uac-off.yaml', GOOD);
    write('tenant/uac-off.yml', GOOD);
    write('guest/other.yaml', GOOD.replace('uac-off', 'another'));
    expect(mistakes().split('\n')).toMatchObject([
      expect.stringMatching(/other\.yaml:1:\d+ id: found another; expected other/),
      expect.stringMatching(
        /tenant\/uac-off\.yml:1:1 id: found uac-off, which .*guest\/uac-off\.yaml has too/,
      ),
    ]);
  });

  it('are named, the most similar first, when one is asked for that is not there', () => {
    const faults = loadFaults(FAULTS, CATALOGUE);
    expect(() => selectFaults(faults, ['uac-of'])).toThrow(
      /^Found the fault "uac-of"; expected one of: uac-off, /,
    );
    expect(selectFaults(faults, ['uac-off'])).toMatchObject([{ id: 'uac-off' }]);
    expect(selectFaults(faults, [])).toHaveLength(faults.length);
  });
});
