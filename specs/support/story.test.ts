import { expect } from '@playwright/test';
import type { Lease } from '../../harness/accounts/pool.ts';
import type { AccountSettings } from '../../harness/config/accounts.ts';
import { USUAL_ACCESS } from '../../harness/config/access.ts';
import { Fault } from '../../harness/core/errors.ts';
import { NOT_IN_THIS_RUN, recall } from './memory.ts';
import { Story, type StoryOptions } from './story.ts';

const user = (name: string): AccountSettings => ({
  upn: `${name}@contoso.example`,
  displayName: name,
  verification: [],
});
const [ANNA, BERTIL] = [user('anna'), user('bertil')];
const NONE_FREE = new Fault('No test user is free', {
  code: 'no-account-free',
  blame: 'config',
  remedy: 'Run it again at 12:00 UTC.',
});
const told = (lease: StoryOptions['lease']): Story =>
  new Story({
    lease,
    machine: { name: 'win7', accounts: [ANNA, BERTIL] },
    settings: { access: USUAL_ACCESS },
  } as unknown as StoryOptions);

describe('the user of a story', () => {
  it('is the leased one', () => {
    const story = told({ account: BERTIL } as Lease<AccountSettings>);
    expect([story.account, story.shownUser]).toEqual([BERTIL, BERTIL]);
  });

  it('is only looked at when none is free: what needs more says why', () => {
    const story = told(NONE_FREE);
    expect(story.shownUser).toBe(ANNA);
    expect(() => story.account).toThrow(NONE_FREE);
    expect(() => story.lease).toThrow(NONE_FREE);
  });

  it('is the first one of the machine where no password is to be reset', () => {
    const story = told(undefined);
    expect([story.account, story.shownUser]).toEqual([ANNA, ANNA]);
    expect(() => story.lease).toThrow(TypeError);
  });
});

describe('what an earlier stage has left', () => {
  it('is missing because the stage was left out, or because it did not come that far', () => {
    const story = told(NONE_FREE);
    expect(() => recall(story, 'attempt')).toThrow(
      expect.objectContaining({ code: NOT_IN_THIS_RUN, message: expect.stringContaining('stage logon') }),
    );
    const { message: reason, blame, remedy } = NONE_FREE;
    story.broken.set('logon', { reason, blame, remedy });
    expect(() => recall(story, 'attempt')).toThrow(
      expect.objectContaining({
        code: 'not-reached',
        blame,
        remedy,
        message: `Not checked, because an earlier step failed: ${reason}`,
      }),
    );
    story.memory.attempt = { done: true };
    expect(recall(story, 'attempt')).toEqual({ done: true });
  });
});
