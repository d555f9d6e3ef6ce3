import { expect } from '@playwright/test';
import { EXIT_CODE } from './exit-code.ts';

describe('exit codes', () => {
  it('are those that the documentation promises', () => {
    expect(EXIT_CODE).toEqual({
      compliant: 0,
      notCompliant: 1,
      badUsage: 2,
      couldNotCheck: 3,
      interrupted: 130,
    });
  });
});
