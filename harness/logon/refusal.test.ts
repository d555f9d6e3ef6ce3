import { expect } from '@playwright/test';
import type { Line } from '../console/text.ts';
import { ssprNumberIn } from './refusal.ts';

const lineOf = (text: string): Line => ({
  words: text.split(' ').map((word, i) => ({ text: word, x: i * 50, y: 0, width: 40, height: 12 })),
});

describe('The number of a refusal', () => {
  for (const [read, number] of [
    ['Error code: SSPR_0012: UserNotLicensed', 'SSPR_0012'],
    ['SSPR 0013', 'SSPR_0013'],
    ['(SSPR_OO14)', 'SSPR_0014'],
    ['错误代码: SSPR_00I1: SsprNotEnabledInUserPolicy', 'SSPR_0011'],
  ] as const)
    it(`is ${number} in ${JSON.stringify(read)}`, () => {
      expect(ssprNumberIn([lineOf('Please contact your administrator.'), lineOf(read)])).toBe(number);
    });

  it('is absent where nothing like it can be read', () => {
    for (const text of ['SSPR', 'SSPR_12', 'SSPR_00123', 'Support code: 4f1c0012'])
      expect(ssprNumberIn([lineOf(text)])).toBeUndefined();
  });
});
