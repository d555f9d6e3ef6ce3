import { toFault } from '../../harness/core/errors.ts';
import { couldNotCheck, type Verdict } from '../../harness/core/outcome.ts';
import type { Facts } from '../../harness/guest/facts.ts';
import { readVerboseLogging, setVerboseLogging, type VerboseLogging } from '../../harness/guest/logging.ts';
import { judgeSwitched } from '../controls/logging.ts';
import type { Story } from './story.ts';

/** Verbose logging as it was switched on before the reset. */
export interface VerboseLoggingOn {
  /** EnableLogging as the run found it. */
  readonly before: Facts['verboseLogging'];
  /** Whether it is on now. */
  readonly verdict: Verdict;
}

/** Switches the add-in's verbose logging, and reads back whether it is. */
export async function switchVerboseLogging(story: Story, to: 'on' | 'off'): Promise<Verdict> {
  const deadline = story.deadline(story.settings.limits.command, `switching verbose logging ${to}`);
  const channel = await story.channel();
  await setVerboseLogging(channel, to, deadline);
  return judgeSwitched(to, await readVerboseLogging(channel, deadline));
}

/**
 * Switches verbose logging on for what comes next, once in a run, and remembers how it was. What goes wrong is no
 * obstacle: the controls of stage eventlog say it.
 */
export async function beginVerboseLogging(story: Story): Promise<VerboseLoggingOn> {
  story.memory.verboseLogging ??= await tryVerboseLogging(story);
  return story.memory.verboseLogging;
}

async function tryVerboseLogging(story: Story): Promise<VerboseLoggingOn> {
  let before: Facts['verboseLogging'] = { state: 'unreadable', reason: 'not read' };
  try {
    const deadline = story.deadline(story.settings.limits.command, 'reading EnableLogging');
    before = await readVerboseLogging(await story.channel(), deadline);
    return { before, verdict: await switchVerboseLogging(story, 'on') };
  } catch (error) {
    const { code, message, remedy } = toFault(error);
    if (code === 'interrupted') throw error;
    return { before, verdict: couldNotCheck(message, { remediation: remedy }) };
  }
}

/**
 * Puts EnableLogging back to how the run found it. What was on is off now: it is for troubleshooting only.
 * @throws Fault `logging-not-switched`
 */
export async function endVerboseLogging(story: Story): Promise<void> {
  const { verboseLogging } = story.memory;
  if (verboseLogging?.verdict.outcome !== 'pass') return;
  const to: VerboseLogging = verboseLogging.before.state === 'absent' ? 'unset' : 'off';
  const deadline = story.deadline(story.settings.limits.command, 'putting verbose logging back');
  await setVerboseLogging(await story.channel(), to, deadline);
}
