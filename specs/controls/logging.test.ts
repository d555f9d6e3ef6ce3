import { expect } from '@playwright/test';
import { SSPR_EVENT_SOURCE, type EventRecord } from '../../harness/guest/eventlog.ts';
import { controlById } from './catalogue.ts';
import { absent, present, subjectOf, unreadable } from './fixtures.ts';
import { judgeEvents, judgeSilence, judgeSwitched } from './logging.ts';

describe('logging.verbose-not-left-on', () => {
  const judge = controlById('logging.verbose-not-left-on').judge!;
  for (const [what, reading, outcome] of [
    ['absent', absent, 'pass'],
    ['0', present(0), 'pass'],
    ['1', present(1), 'fail'],
  ] as const) {
    it(`${outcome}: EnableLogging ${what}`, () => {
      expect(judge(subjectOf('win81', { verboseLogging: reading })).outcome).toBe(outcome);
    });
  }
});

describe('Verbose logging, switched', () => {
  for (const [to, reading, outcome] of [
    ['on', present(1), 'pass'],
    ['on', present(0), 'fail'],
    ['on', absent, 'fail'],
    ['off', present(0), 'pass'],
    ['off', present(1), 'fail'],
    ['off', absent, 'fail'],
  ] as const) {
    it(`${outcome}: ${to}, then ${reading.state === 'present' ? reading.value : 'absent'}`, () => {
      expect(judgeSwitched(to, reading).outcome).toBe(outcome);
    });
  }

  it('is an error when it cannot be read back', () => {
    expect(() => judgeSwitched('on', unreadable)).toThrow(expect.objectContaining({ code: 'unreadable' }));
  });
});

const EVENT: EventRecord = {
  recordId: 7,
  time: '2026-11-21T10:00:00.000Z',
  provider: SSPR_EVENT_SOURCE,
  eventId: 42,
  level: 4,
  computer: 'WIN7-LAB',
  data: ['reset page opened'],
};
const SHOWN = '2026-11-21T10:00:00.000Z event 42 reset page opened';

describe('logging.events-on-machine', () => {
  it('wants an entry of the add-in, and shows what it says', () => {
    expect(judgeEvents([EVENT])).toMatchObject({ outcome: 'pass', observed: SHOWN });
    expect(judgeEvents([]).outcome).toBe('fail');
  });
});

describe('logging.none-when-off', () => {
  it('wants no entry, shows those that came, and decides nothing: no text speaks of it', () => {
    expect(judgeSilence([]).outcome).toBe('pass');
    expect(judgeSilence([EVENT])).toMatchObject({ outcome: 'fail', observed: SHOWN });
    expect(controlById('logging.none-when-off').severity).toBe('informational');
  });
});
