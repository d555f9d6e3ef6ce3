import { Fault } from '../harness/core/errors.ts';
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
    if ((await story.machines.snapshots(name, deadline)).includes(SNAPSHOT)) throw leftBehind(name);
    await story.machines.snapshot(name, SNAPSHOT, deadline);
  });
});

/** Only its owner knows which of the two states is wanted: that of the snapshot, or that in which the machine is now. */
const leftBehind = (name: string): Fault =>
  new Fault(
    `${name} has a snapshot "${SNAPSHOT}" already: an earlier run was cut off before it had put the machine back`,
    {
      code: 'snapshot-left-behind',
      blame: 'config',
      remedy: `Go back to it with "vagrant snapshot restore ${name} ${SNAPSHOT}"; then, or to keep the machine as it is, "vagrant snapshot delete ${name} ${SNAPSHOT}". A machine of the lab: npx sspr down.`,
    },
  );
