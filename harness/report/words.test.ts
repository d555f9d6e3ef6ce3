import { expect } from '@playwright/test';
import { clockWords, delayWords, timelineWords } from './words.ts';

describe('a time line in words', () => {
  it('says how soon the entry could be read, also when the clocks make it less than nothing', () => {
    expect([4200, 0.2, -300, null].map((delayMs) => delayWords({ delayMs }))).toEqual([
      'The entry of the reset was readable at most 4.2 s after it was written.',
      'The entry of the reset was readable as soon as it was written.',
      'The entry of the reset was readable as soon as it was written.',
      'No delay could be measured.',
    ]);
  });

  it('says which clock is ahead', () => {
    const words = [3.2, -11.04, 0.04, -0.04].map((aheadSeconds) =>
      clockWords({ clock: { aheadSeconds, uncertainSeconds: 0.6 } }),
    );
    expect(words).toEqual([
      "The tenant's clock is 3.2 s ahead of this host's, ± 0.6 s; taken out.",
      "The tenant's clock is 11.0 s behind this host's, ± 0.6 s; taken out.",
      "The tenant's clock agrees with this host's, ± 0.6 s.",
      "The tenant's clock agrees with this host's, ± 0.6 s.",
    ]);
  });

  it('knows the verdicts, and shows another one by its own name', () => {
    expect(timelineWords({ verdict: 'wrong-result' })).toEqual({ word: 'Recorded as failed', look: 'fail' });
    expect(timelineWords({ verdict: 'new' })).toEqual({ word: 'new', look: 'skipped' });
  });
});
