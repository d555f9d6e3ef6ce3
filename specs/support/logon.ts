import type { Deadline } from '../../harness/core/deadline.ts';
import type { Logon } from '../../harness/logon/logon.ts';
import type { Story } from './story.ts';

/** The machine's test user at its logon screen. */
export async function logonOf(story: Story, deadline: Deadline): Promise<Logon> {
  const { language, account } = story.machine;
  return {
    screen: await story.screen(),
    user: { displayName: account.displayName, upn: account.upn },
    language,
    deadline,
    report: (text) => story.say(text),
  };
}
