import { expect } from '@playwright/test';
import { Fault } from '../../harness/core/errors.ts';
import { FILES } from './catalogue.ts';
import { checkCatalogue } from './check-catalogue.ts';
import { tls } from './tls.ts';

const refusalOf = (controls: readonly object[], file = 'tls.ts'): string => {
  try {
    checkCatalogue([{ file, controls }]);
  } catch (error) {
    if (error instanceof Fault) return `${error.code} ${error.message}`;
  }
  return 'nothing was refused';
};
const [first, second] = tls;
const without = (key: string): object =>
  Object.fromEntries(Object.entries(first!).filter(([name]) => name !== key));

describe('The check of the catalogue', () => {
  it('has nothing to say of ours', () => expect(() => checkCatalogue(FILES)).not.toThrow());

  const cases: readonly (readonly [string, readonly object[], RegExp])[] = [
    [
      'an id of another family',
      [{ ...first, id: 'proxy.x' }],
      /tls\.ts:\d+: id: expected tls\.name.*"proxy\.x"/,
    ],
    ['an id in capitals', [{ ...first, id: 'tls.Client' }], /tls\.ts:\d+: id: expected tls\.name/],
    ['no id', [without('id')], /tls\.ts:\d+: id: expected family\.name, found nothing/],
    [
      'an id that is taken',
      [first!, { ...second, id: first!.id }],
      /tls\.ts:(\d+): id: "tls\.client-enabled" is taken, by the control at specs\/controls\/tls\.ts:(?!\1\b)\d+/,
    ],
    ['no source', [without('source')], /tls\.ts:\d+: source: expected where the requirement comes from/],
    [
      'a source that does not exist',
      [{ ...first, source: { document: 'facts', section: '99' } }],
      /source\.section: expected one of: .*found "99"/,
    ],
    [
      'lines that the document does not have',
      [{ ...first, source: { document: 'english', lines: [3, 9999] } }],
      /source\.lines\.1: .*found 9999/,
    ],
    [
      'an unknown severity',
      [{ ...first, severity: 'grave' }],
      /severity: expected one of: required, .*"grave"/,
    ],
    ['an unknown stage', [{ ...first, stage: 'later' }], /stage: expected one of: up, .*"later"/],
    ['an unknown key', [{ ...first, outcome: 'maybe' }], /Unrecognized key: "outcome"/],
    [
      'no Windows',
      [{ ...first, appliesTo: { os: [] } }],
      /appliesTo\.os: expected at least one Windows, found \[\]/,
    ],
  ];
  for (const [what, controls, told] of cases)
    it(`refuses ${what}, and names file and line`, () => {
      const refusal = refusalOf(controls);
      expect(refusal).toMatch(/^bad-control /);
      expect(refusal).toMatch(told);
    });

  it('tells everything at once', () => {
    expect(refusalOf([without('source'), { ...second, severity: 'grave' }]).split('\n')).toHaveLength(2);
  });

  it('refuses a control of a file that it cannot read as well', () => {
    expect(refusalOf([without('title')], 'none.ts')).toMatch(/none\.ts:1: title: expected a text/);
  });
});
