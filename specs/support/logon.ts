import type { Deadline } from '../../harness/core/deadline.ts';
import type { Logon } from '../../harness/logon/logon.ts';
import type { Story } from './story.ts';

/** The machine's test user at its logon screen. */
export async function logonOf(story: Story, deadline: Deadline): Promise<Logon> {
  const { displayName, upn } = story.shownUser;
  return {
    screen: await story.screen(),
    user: { displayName, upn },
    screens: story.screens,
    deadline,
    report: (text) => story.say(text),
  };
}

/** Ends the session at the console, if there is one: the screen goes back to the logon. */
export async function signOut(story: Story): Promise<void> {
  const deadline = story.deadline(story.settings.limits.command, 'signing the user out');
  await (await story.channel()).exec({ line: 'logoff console' }, deadline);
}
