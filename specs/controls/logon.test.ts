import { expect } from '@playwright/test';
import { Fault } from '../../harness/core/errors.ts';
import { TRIALS } from '../../harness/core/rehearsals.ts';
import { judgeTrial, type TrialsTried } from './logon.ts';

const LOST = new Fault('The console was lost', { code: 'vnc-closed', blame: 'machine', remedy: 'Look.' });

describe('What is done wrong on purpose', () => {
  for (const [came, stoppedBy, outcome] of [
    ['refused', undefined, 'pass'],
    ['accepted', undefined, 'fail'],
    ['accepted', LOST, 'fail'],
    ['budget-spent', undefined, 'error'],
    [undefined, LOST, 'skipped'],
    [undefined, undefined, 'notApplicable'],
  ] as const)
    it(`is ${outcome} when it is ${came ?? 'not tried'}${stoppedBy ? ' and the attempt stopped' : ''}`, () => {
      for (const trial of TRIALS) {
        const tried: TrialsTried = came === undefined ? {} : { [trial]: came };
        expect(judgeTrial(trial, TRIALS, tried, stoppedBy).outcome).toBe(outcome);
      }
    });

  it('is not judged when what was right could not be given after it', () => {
    expect(() => judgeTrial('wrongCode', TRIALS, { wrongCode: 'refused' }, LOST)).toThrow(LOST);
  });

  it('concerns nobody who has not asked for it', () => {
    expect(judgeTrial('weakPassword', ['wrongCode'], {}, undefined)).toMatchObject({
      outcome: 'notApplicable',
      summary: expect.stringContaining('Name weakPassword under trials'),
    });
  });
});
