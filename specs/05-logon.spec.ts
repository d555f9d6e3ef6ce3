import { utcNow } from '../harness/core/clock.ts';
import { toFault } from '../harness/core/errors.ts';
import { fail, notApplicable, pass, skipped } from '../harness/core/outcome.ts';
import { mailboxCodeSource } from '../harness/logon/codes/mailbox.ts';
import { type ResetPage, resetPassword } from '../harness/logon/flow.ts';
import { chooseUser, linkIsShown, returnToLogon, signIn } from '../harness/logon/logon-screen.ts';
import { newPassword } from '../harness/logon/new-password.ts';
import { judgeMilestone, MILESTONE_CONTROLS } from './support/attempt.ts';
import { logonOf } from './support/logon.ts';
import { recall } from './support/memory.ts';
import { stage } from './support/stage.ts';
import type { Story } from './support/story.ts';

stage(
  'logon',
  'A user resets the password at the logon screen',
  ['up', 'install', 'reboot'],
  ({ step, control }) => {
    control('logon.screen-reached', async (story) => {
      await returnToLogon(await atLogon(story));
      return pass('The logon screen is there', { observed: `the name ${story.machine.account.displayName}` });
    });

    control('logon.tiles', async (story) => {
      const { screen, user } = await atLogon(story);
      const tiles = await screen.findAll(user.displayName);
      const detail = { expected: 'one tile', observed: `${tiles.length} tiles named ${user.displayName}` };
      return tiles.length === 1
        ? pass('The user has one tile', detail)
        : fail(`The user has ${tiles.length} tiles`, detail);
    });

    control('logon.link-shown', async (story) => {
      const logon = await atLogon(story);
      await chooseUser(logon);
      return (await linkIsShown(logon))
        ? pass('The link is shown')
        : fail('The link is not shown', {
            expected: 'the link beneath the password box',
            observed: 'no link',
          });
    });

    step('goes through the reset, once', attemptReset);

    for (const id of MILESTONE_CONTROLS) {
      control(id, (story) => judgeMilestone(id, recall(story, 'attempt')));
    }

    control('prerequisites.no-join-needed', (story) =>
      recall(story, 'attempt').done
        ? pass('The reset went through, whatever the machine is joined to')
        : notApplicable('The reset did not go through, so it says nothing about joins.'),
    );

    control('logon.sign-in-with-new-password', async (story) => {
      if (!recall(story, 'attempt').done)
        return skipped('There is no new password: the reset did not go through');
      const answer = await signIn(await atLogon(story), recall(story, 'newPassword'));
      const detail = { expected: 'Windows welcomes the user', observed: answer };
      return answer === 'accepted'
        ? pass('The new password signs in', detail)
        : fail('The new password is refused', detail);
    });
  },
);

const atLogon = async (story: Story) =>
  logonOf(story, story.deadline(story.settings.limits.screen, 'working at the logon screen'));

/**
 * One attempt and no second one: five in a day block the account. However it ends, it is no obstacle for the rest of the
 * stage: the controls say what it means.
 */
async function attemptReset(story: Story): Promise<void> {
  const { limits } = story.settings;
  const password = newPassword();
  let reached: ResetPage = 'logon screen';
  story.memory.attemptBegan = utcNow();
  try {
    const result = await resetPassword({
      ...(await logonOf(
        story,
        story.deadline(limits.screen * 3 + limits.verificationCode, 'resetting the password'),
      )),
      newPassword: password,
      codes: mailboxCodeSource(story.directory, story.machine.account.mailbox),
      onPage: (page) => (reached = page),
    });
    story.memory.newPassword = password;
    story.memory.attempt = { done: true, result };
    story.fact('reset', result);
  } catch (error) {
    const fault = toFault(error);
    if (fault.code === 'interrupted') throw fault;
    story.memory.attempt = { done: false, reached, fault };
    story.fact('reset stopped', { reached, code: fault.code, message: fault.message });
  }
}
