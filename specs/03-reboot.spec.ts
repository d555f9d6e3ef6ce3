import { judgeRestart } from './controls/install.ts';
import { restart } from './support/restart.ts';
import { recall } from './support/memory.ts';
import { stage } from './support/stage.ts';

stage('reboot', 'The machine is restarted', ['up'], ({ step, control }) => {
  step('restarts and waits until it is back', async (story) => {
    story.memory.restart = await restart(story);
  });

  control('install.restarted', (story) => {
    const { before, after } = recall(story, 'restart');
    return judgeRestart(before, after);
  });
});
