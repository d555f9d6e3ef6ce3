import { probe } from '../harness/guest/probe/run.ts';
import { runMsiexec, uninstallLine } from '../harness/guest/msiexec.ts';
import { describe } from '../harness/core/errors.ts';
import { fail, pass } from '../harness/core/outcome.ts';
import { chooseUser, linkIsShown, returnToLogon } from '../harness/logon/logon-screen.ts';
import { judgeExitCode } from './controls/exit-codes.ts';
import { judgeRestart } from './controls/install.ts';
import { PACKAGE, readGuestFile, UNINSTALL_LOG } from './support/guest-files.ts';
import { logonOf } from './support/logon.ts';
import { recall } from './support/memory.ts';
import { restart } from './support/restart.ts';
import { stage } from './support/stage.ts';

stage('uninstall', 'The add-in is removed silently, and is gone', ['up'], ({ step, control, judge }) => {
  step('runs msiexec /x', async (story) => {
    const deadline = story.deadline(story.settings.limits.command, 'removing the add-in');
    const { exit, line } = await runMsiexec(
      await story.channel(),
      uninstallLine(PACKAGE, UNINSTALL_LOG),
      deadline,
    );
    story.memory.uninstall = { exitCode: exit.code, line };
  });

  control('uninstall.exit-code', async (story) => {
    const { exitCode, line } = recall(story, 'uninstall');
    story.attach('command line', line);
    // The exit code counts, also when the log cannot be read.
    story.attachFile('uninstall.log', await readGuestFile(story, UNINSTALL_LOG).catch(describe));
    return judgeExitCode('uninstall', exitCode);
  });

  step('restarts and waits until it is back', async (story) => {
    story.memory.restart = await restart(story);
    const deadline = story.deadline(story.settings.limits.command, 'reading the facts');
    story.memory.factsAfter = await probe(await story.channel(), { urls: [] }, deadline);
  });

  control('uninstall.restarted', (story) => {
    const { before, after } = recall(story, 'restart');
    return judgeRestart(before, after);
  });

  judge((story) => recall(story, 'factsAfter'));

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
