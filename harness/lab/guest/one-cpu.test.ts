import { expect } from '@playwright/test';
import { parseList, processorFor } from './one-cpu.ts';

describe("a guest's processor", () => {
  it('is one that this process may use', () => {
    expect(parseList('0-2,5')).toEqual([0, 1, 2, 5]);
    expect([4, 7]).toContain(processorFor('win7', [4, 7]));
    expect(processorFor('win7', [3])).toBe(3);
  });

  it('differs between neighbours', () => {
    expect(processorFor('win7', [0, 1])).not.toBe(processorFor('win8', [0, 1]));
  });
});
