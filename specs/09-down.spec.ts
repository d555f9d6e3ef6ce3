import { fail, pass } from '../harness/core/outcome.ts';
import { SSPR_CLSID } from '../harness/guest/facts.ts';
import { SNAPSHOT } from './support/snapshot.ts';
import { stage } from './support/stage.ts';

const KEY = `HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Authentication\\Credential Providers\\${SSPR_CLSID}`;

stage('down', 'The machine is put back', ['up'], ({ step, control }) => {
  step('restores the snapshot', async (story) => {
    const { name } = story.machine;
    await story.release();
    await story.machines.restore(
      name,
      SNAPSHOT,
      story.deadline(story.settings.limits.up, `restoring ${name}`),
    );
  });

  control('down.restored', async (story) => {
    const deadline = story.deadline(story.settings.limits.command, 'looking at the restored machine');
    const { exitCode } = await (await story.channel()).exec({ line: `reg query "${KEY}"` }, deadline);
    return exitCode === 0
      ? fail('The restored machine has the add-in', { expected: 'the state before the run', observed: KEY })
      : pass('The machine is back in the state before the run', { observed: 'no trace of the add-in' });
  });

  step('deletes the snapshot', async (story) => {
    const { name } = story.machine;
    await story.release();
    await story.machines.deleteSnapshot(
      name,
      SNAPSHOT,
      story.deadline(story.settings.limits.up, 'deleting the snapshot'),
    );
  });
});
