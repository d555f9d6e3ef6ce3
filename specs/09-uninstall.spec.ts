import { probe } from '../harness/guest/probe/run.ts';
import type { Facts } from '../harness/guest/facts.ts';
import { runMsiexec, uninstallLine } from '../harness/guest/msiexec.ts';
import { describe } from '../harness/core/errors.ts';
import { fail, pass } from '../harness/core/outcome.ts';
import { chooseUser, linkIsShown, returnToLogon } from '../harness/logon/logon-screen.ts';
import { resetProvider } from './controls/credential-providers.ts';
import { judgeExitCode } from './controls/exit-codes.ts';
import { judgeRestart } from './controls/install.ts';
import { firstUnread } from './controls/judging.ts';
import { judgeLeftovers } from './controls/uninstall.ts';
import { PACKAGE, readGuestFile, UNINSTALL_LOG } from './support/guest-files.ts';
import { findLeftovers } from './support/leftovers.ts';
import { logonOf } from './support/logon.ts';
import { recall } from './support/memory.ts';
import { restart } from './support/restart.ts';
import { stage } from './support/stage.ts';
import type { Story } from './support/story.ts';

stage('uninstall', 'The add-in is removed silently, and is gone', ['up'], ({ step, control, judge }) => {
  step('notes where the DLL of the add-in is', async (story) => {
    const { dll } = resetProvider(story.memory.factsAfter ?? (await readFacts(story))) ?? {};
    story.memory.dllBefore = dll?.state === 'present' ? dll.value : '';
  });

  step('runs msiexec /x', async (story) => {
    const deadline = story.deadline(story.settings.limits.command, 'removing the add-in');
    const line = uninstallLine(PACKAGE, UNINSTALL_LOG);
    story.memory.uninstall = await runMsiexec(await story.channel(), line, deadline);
  });

  control('uninstall.exit-code', async (story) => {
    const { exit, line, tries } = recall(story, 'uninstall');
    story.attach('command line', line);
    story.attach('tries', tries);
    // The exit code counts, also when the log cannot be read.
    story.attachFile('uninstall.log', await readGuestFile(story, UNINSTALL_LOG).catch(describe));
    return judgeExitCode('uninstall', exit.code);
  });

  step('restarts and waits until it is back', async (story) => {
    story.memory.restart = await restart(story);
    story.memory.factsAfter = await readFacts(story);
  });

  control('uninstall.restarted', (story) => {
    const { before, after } = recall(story, 'restart');
    return judgeRestart(before, after);
  });

  judge((story) => recall(story, 'factsAfter'));

  control('uninstall.no-leftovers', async (story) => {
    const facts = recall(story, 'factsAfter');
    const unread = firstUnread(['products', 'credentialProviders'], facts);
    return unread ?? judgeLeftovers(await findLeftovers(story, recall(story, 'dllBefore'), facts));
  });

  control('uninstall.link-gone', async (story) => {
    const logon = await logonOf(story, story.deadline(story.settings.limits.screen, 'looking for the link'));
    await returnToLogon(logon);
    await chooseUser(logon);
    const expected = 'the chosen user without the link "Forgot password?"';
    return (await linkIsShown(logon))
      ? fail('The link is still shown', { expected, observed: 'the link' })
      : pass('The link is gone', { expected, observed: 'no link' });
  });
});

async function readFacts(story: Story): Promise<Facts> {
  const deadline = story.deadline(story.settings.limits.command, 'reading the facts');
  return probe(await story.channel(), { urls: [] }, deadline);
}
