import { join } from 'node:path';
import { Deadline } from '../core/deadline.ts';
import { Fault, toFault } from '../core/errors.ts';
import { ROOT } from '../config/lab-state.ts';
import { withLock } from '../core/lock.ts';
import { vagrantFolder } from '../machines/vagrant.ts';

/** A command that has just ended may need this long to be gone. Milliseconds. */
const PATIENCE_MS = 500;

/**
 * Does the work while no other command of this project brings machines up or down: two runs on the same machines would
 * only take each other's results apart.
 * @throws Fault `busy`
 */
export async function alone<T>(work: () => Promise<T>): Promise<T> {
  const folder = vagrantFolder({ root: ROOT, environment: process.env });
  const state = { begun: false };
  const begin = () => {
    state.begun = true;
    return work();
  };
  try {
    return await withLock(
      join(folder, 'sspr-command.lock'),
      Deadline.in(PATIENCE_MS, 'waiting for another command'),
      begin,
    );
  } catch (error) {
    const fault = toFault(error);
    if (state.begun || fault.code !== 'timed-out') throw error;
    throw new Fault(
      `Another command works with these machines: ${fault.message.replace(/^.*last seen: /, '')}`,
      {
        code: 'busy',
        blame: 'config',
        remedy: 'Wait until it has ended, or end it with Ctrl-C; or use another clone of the project.',
        cause: error,
      },
    );
  }
}
