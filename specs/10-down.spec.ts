import { probe } from '../harness/guest/probe/run.ts';
import { judgeRestored } from './controls/down.ts';
import { recall } from './support/memory.ts';
import { SNAPSHOT } from './support/snapshot.ts';
import { stage } from './support/stage.ts';

stage('down', 'The machine is put back', ['up'], ({ step, control }) => {
  step('restores the snapshot', async (story) => {
    const { name } = story.machine;
    await story.release();
    await story.machines.restore(
      name,
      SNAPSHOT,
      story.tidyingDeadline(story.settings.limits.up, `restoring ${name}`),
    );
  });

  control('down.restored', async (story) => {
    const deadline = story.deadline(story.settings.limits.command, 'looking at the restored machine');
    const now = await probe(await story.channel(), { urls: [] }, deadline);
    return judgeRestored(recall(story, 'factsBefore'), now);
  });

  step('deletes the snapshot', async (story) => {
    const { name } = story.machine;
    await story.release();
    await story.machines.deleteSnapshot(
      name,
      SNAPSHOT,
      story.tidyingDeadline(story.settings.limits.up, 'deleting the snapshot'),
    );
  });
});
