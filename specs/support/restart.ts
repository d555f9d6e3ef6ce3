import { openChannel } from '../../harness/guest/open.ts';
import { reboot } from '../../harness/guest/winrm/reboot.ts';
import type { Story } from './story.ts';

export interface Restart {
  /** Boot times by the guest's clock, ISO 8601 UTC. */
  readonly before: string;
  readonly after: string;
}

/** Restarts the machine; connections to it are made anew afterwards. */
export async function restart(story: Story): Promise<Restart> {
  const deadline = story.deadline(story.settings.limits.reboot, 'restarting the machine');
  // The port may be another one afterwards, so it is asked for every time.
  const open = async (limit: typeof deadline) => openChannel((await story.endpoints()).winrm, limit);
  const { before, after, channel } = await reboot(await story.channel(), open, deadline);
  await channel.close();
  await story.release();
  story.fact('restart', `booted at ${before}, again at ${after}`);
  return { before, after };
}
