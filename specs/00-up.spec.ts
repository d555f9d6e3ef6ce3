import { SNAPSHOT } from './support/snapshot.ts';
import { stage } from './support/stage.ts';

stage('up', 'The machine comes up from the Vagrantfile', [], ({ step }) => {
  step('brings the machine up', async (story) => {
    const { name, provider } = story.machine;
    await story.machines.up(name, provider, story.deadline(story.settings.limits.up, `bringing ${name} up`));
  });

  step('takes a snapshot to come back to', async (story) => {
    const { name } = story.machine;
    const deadline = story.deadline(story.settings.limits.up, `taking a snapshot of ${name}`);
    // A run that was killed has left its own behind; what this one has to give back is the machine as it is now.
    if ((await story.machines.snapshots(name, deadline)).includes(SNAPSHOT))
      await story.machines.deleteSnapshot(name, SNAPSHOT, deadline);
    await story.machines.snapshot(name, SNAPSHOT, deadline);
  });
});
