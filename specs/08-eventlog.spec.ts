import { toFault } from '../harness/core/errors.ts';
import { couldNotCheck, skipped, type Verdict } from '../harness/core/outcome.ts';
import { type EventRecord, readEvents } from '../harness/guest/eventlog.ts';
import { readVerboseLogging } from '../harness/guest/logging.ts';
import { probe } from '../harness/guest/probe/run.ts';
import { returnToLogon } from '../harness/logon/logon-screen.ts';
import { visitResetPage } from '../harness/logon/reset-page.ts';
import { judgeEvents, judgeSilence, judgeSwitched } from './controls/logging.ts';
import { compareGuestClock } from './support/guest-clock.ts';
import { beginVerboseLogging, endVerboseLogging, switchVerboseLogging } from './support/logging.ts';
import { logonOf, signOut } from './support/logon.ts';
import { recall } from './support/memory.ts';
import { stage } from './support/stage.ts';
import type { Story } from './support/story.ts';

/** How much earlier than the action its entry may be dated, beside the difference of the clocks. */
const MARGIN_MS = 10_000;

stage('eventlog', 'The machine logs the reset while it is asked to', ['up'], ({ step, control }) => {
  // On since before the reset, where that was part of this run.
  control('logging.verbose-on', async (story) => (await beginVerboseLogging(story)).verdict);

  control('logging.events-on-machine', async (story) => {
    const attempt = recall(story, 'attempt');
    const { actions = [] } = story.memory;
    if (!attempt.done && !actions.some(({ action }) => action === 'link-clicked')) {
      if (attempt.fault.code !== 'link-absent') throw attempt.fault;
      return skipped('The link was not there, so nobody could begin a reset');
    }
    const { verdict } = recall(story, 'verboseLogging');
    if (verdict.outcome !== 'pass')
      return couldNotCheck(`Verbose logging was not on during the reset: ${verdict.summary}`);
    const events = await eventsSince(story, recall(story, 'attemptBegan'));
    story.attachFile('events.json', JSON.stringify(events, undefined, 2));
    return judgeEvents(events);
  });

  control('logging.verbose-off', (story) => switchVerboseLogging(story, 'off'));
  control('logging.none-when-off', visitInSilence);

  step('puts EnableLogging back', endVerboseLogging);
});

/** Opens the reset page once more, and asks which entries have come. */
async function visitInSilence(story: Story): Promise<Verdict> {
  const { command, screen } = story.settings.limits;
  const deadline = story.deadline(command, 'reading EnableLogging');
  const off = judgeSwitched('off', await readVerboseLogging(await story.channel(), deadline));
  if (off.outcome !== 'pass') return couldNotCheck(`${off.summary}: ${off.observed ?? ''}`);
  const [last] = await everyEvent(story, 1);
  const logon = await logonOf(story, story.deadline(screen, 'visiting the reset page'));
  try {
    await signOut(story);
    await returnToLogon(logon);
    await visitResetPage(logon);
  } catch (error) {
    const { code } = toFault(error);
    if (code === 'link-absent') return skipped('The link was not there, so nobody could begin a reset');
    // Somebody has clicked: that the portal does not answer is no reason to log, or not to.
    if (code !== 'reset-page-unreachable') throw error;
  }
  const after = await everyEvent(story);
  return judgeSilence(after.filter(({ recordId }) => recordId > (last?.recordId ?? 0)));
}

/** Entries of the add-in, newest first. */
async function everyEvent(story: Story, limit?: number): Promise<readonly EventRecord[]> {
  const deadline = story.deadline(story.settings.limits.command, 'reading the event log');
  const since = new Date(0).toISOString();
  return readEvents(await story.channel(), { since, ...(limit === undefined ? {} : { limit }) }, deadline);
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
