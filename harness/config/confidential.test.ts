import { expect } from '@playwright/test';
import { isConfidential } from './confidential.ts';

describe('what is sent to an address', () => {
  for (const [url, confidential] of [
    ['https://vbox.example/', true],
    ['http://localhost:18083/', true],
    ['http://127.0.0.1:18083/', true],
    ['http://[::1]:18083/', true],
    ['http://vbox.example/', false],
    // A name that only looks like an address of this host.
    ['http://127.example/', false],
    ['http://127.0.0.1.example/', false],
    ['no address', false],
  ] as const)
    it(`${confidential ? 'cannot' : 'can'} be read on the way to ${url}`, () =>
      expect(isConfidential(url)).toBe(confidential));
});
