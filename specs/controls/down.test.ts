import { expect } from '@playwright/test';
import { judgeRestored } from './down.ts';
import { factsOf } from './fixtures.ts';

describe('down.restored', () => {
  const before = factsOf('win7', { credentialProviders: [], products: [] });

  it('is met when what the run changed is as it was', () => {
    expect(judgeRestored(before, { ...before, rebootPending: ['a'] }).outcome).toBe('pass');
    expect(judgeRestored(factsOf('win7'), factsOf('win7')).outcome).toBe('pass');
  });

  it('is not met when the add-in is still there', () => {
    expect(judgeRestored(before, factsOf('win7'))).toMatchObject({
      outcome: 'fail',
      observed: 'others: credentialProviders, products',
    });
  });

  it('is not decided by what could not be read, before or now', () => {
    const unread = { ...before, failures: { products: 'access is denied' } };
    expect(judgeRestored(unread, before).outcome).toBe('error');
    expect(judgeRestored(before, unread).outcome).toBe('error');
  });
});
