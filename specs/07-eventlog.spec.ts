import { utcNow } from '../harness/core/clock.ts';
import { toFault } from '../harness/core/errors.ts';
import { skipped, type Verdict } from '../harness/core/outcome.ts';
import type { EventRecord } from '../harness/guest/eventlog.ts';
import { readEvents } from '../harness/guest/eventlog.ts';
import { setVerboseLogging } from '../harness/guest/logging.ts';
import { probe } from '../harness/guest/probe/run.ts';
import { visitResetPage } from '../harness/logon/flow.ts';
import { returnToLogon } from '../harness/logon/logon-screen.ts';
import { judgeEvents, judgeSwitched } from './controls/logging.ts';
import { compareGuestClock } from './support/guest-clock.ts';
import { logonOf, signOut } from './support/logon.ts';
import { recall } from './support/memory.ts';
import { stage } from './support/stage.ts';
import type { Story } from './support/story.ts';

/** How much earlier than the action its entry may be dated, beside the difference of the clocks. */
const MARGIN_MS = 10_000;

stage('eventlog', 'The machine logs the reset, and more when it is asked to', ['up'], ({ control }) => {
  control('logging.events-on-machine', async (story) => {
    const attempt = recall(story, 'attempt');
    if (!attempt.done && attempt.reached === 'logon screen' && attempt.fault.code === 'link-absent')
      return skipped('The link was not there, so nobody could begin a reset');
    const events = await eventsSince(story, recall(story, 'attemptBegan'));
    story.attachFile('events.json', JSON.stringify(events, undefined, 2));
    return judgeEvents(events);
  });

  control('logging.verbose-on', async (story) => {
    const switched = await switchVerboseLogging(story, 'on');
    if (switched.outcome !== 'pass') return switched;
    const seen = await visitAndRead(story);
    return { ...switched, observed: `${switched.observed ?? ''}; ${seen}` };
  });
  control('logging.verbose-off', (story) => switchVerboseLogging(story, 'off'));
});

/**
 * Visits the reset page and says what the add-in logs of it, newest first. Which entries verbose logging adds, no document
 * says: so they are recorded and decide nothing.
 */
async function visitAndRead(story: Story): Promise<string> {
  const logon = await logonOf(
    story,
    story.deadline(story.settings.limits.screen, 'visiting the reset page with verbose logging'),
  );
  const began = utcNow();
  try {
    await signOut(story);
    await returnToLogon(logon);
    await visitResetPage(logon);
  } catch (error) {
    if (toFault(error).code === 'interrupted') throw error;
    story.attach('visit to the reset page', toFault(error).message);
  }
  const entries = await eventsSince(story, began);
  story.attach('entries since', entries);
  return `${entries.length} entries of the add-in around a visit to the reset page`;
}

async function eventsSince(story: Story, instant: string): Promise<readonly EventRecord[]> {
  const deadline = story.deadline(story.settings.limits.command, 'reading the event log');
  const channel = await story.channel();
  const asked = Date.now();
  const { aheadSeconds, uncertainSeconds } = compareGuestClock(
    await probe(channel, { urls: [] }, deadline),
    asked,
    Date.now(),
  );
  // Entries are dated by the machine's clock.
  const since = Date.parse(instant) + (aheadSeconds - uncertainSeconds) * 1000 - MARGIN_MS;
  return readEvents(channel, { since: new Date(since).toISOString() }, deadline);
}

async function switchVerboseLogging(story: Story, to: 'on' | 'off'): Promise<Verdict> {
  const deadline = story.deadline(story.settings.limits.command, `switching verbose logging ${to}`);
  await setVerboseLogging(await story.channel(), to, deadline);
  const { verboseLogging } = await probe(await story.channel(), { urls: [] }, deadline);
  return judgeSwitched(to, verboseLogging);
}
