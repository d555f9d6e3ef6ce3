// The process of one machine: tells the planned stages of the story with mocha and sends what happens to the run.
import Mocha from 'mocha';
import { writeSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { openPool, type Lease } from '../accounts/pool.ts';
import type { AccountSettings } from '../config/accounts.ts';
import { Fault, toFault } from '../core/errors.ts';
import type { RunEvent } from '../core/journal.ts';
import { redact, redactedJson } from '../core/secret.ts';
import { LAB_CONFIG, loadConfig } from '../config/load.ts';
import { readLabState } from '../config/lab-state.ts';
import { type MachineSettings, resolveSettings, type Settings } from '../config/settings.ts';
import { STAGES } from '../../specs/controls/control.ts';
import { beginStory } from '../../specs/support/story.ts';
import { askTheRun } from './asking.ts';
import type { FromMachine, Job, ToMachine } from './job.ts';

/** What this process may take to end by itself once its story is told. Milliseconds. */
const LINGER_MS = 10_000;

const abort = new AbortController();
const send = (message: FromMachine) => {
  if (process.connected) process.send?.(message);
};
const { ask, hear } = askTheRun(send);

process.on('message', (message: ToMachine) => {
  if (message.kind === 'job') void work(message.job);
  else if (message.kind === 'abort') abort.abort();
  else hear(message);
});
// The run is gone: nobody is left to tell anything to.
process.on('disconnect', () => abort.abort());
// The run quotes the last words of a process that dies, and only this one knows the codes and the new password.
process.on('uncaughtException', (error) => {
  // While it tells the story, mocha listens as well, and makes it a matter of the stage.
  if (process.listenerCount('uncaughtException') > 1) return;
  writeSync(process.stderr.fd, redact(`${inspect(error)}\n`));
  process.exit(1);
});

async function work(job: Job): Promise<void> {
  const emit = (event: RunEvent) =>
    send({ kind: 'event', event: JSON.parse(redactedJson(event)) as RunEvent });
  const emitFault = (error: unknown) => {
    const { code, blame, message, remedy } = toFault(error);
    emit({ type: 'fault', machine: job.machine, stage: 'run', code, blame, message, remedy });
  };
  try {
    const settings = resolveSettings(loadConfig(job.configFile ?? LAB_CONFIG), readLabState());
    const machine = settings.machines.find((candidate) => candidate.name === job.machine);
    if (!machine) throw new TypeError(`${job.machine} is not in the configuration`);
    const lease = await leaseAccount(job, machine, settings);
    try {
      if (lease instanceof Fault) emitFault(lease);
      else if (lease)
        emit({
          type: 'fact',
          machine: job.machine,
          stage: 'run',
          name: 'account',
          value: lease.account.upn,
        });
      const story = beginStory({ ...job, machine, settings, lease, ask, signal: abort.signal, emit });
      await tell(job);
      await story.end();
    } finally {
      if (lease && !(lease instanceof Fault)) await lease.release();
    }
  } catch (error) {
    emitFault(error);
  }
  emit({ type: 'machine-ended', machine: job.machine, how: abort.signal.aborted ? 'aborted' : 'completed' });
  if (process.connected) process.disconnect();
  // Should anything still hold the process up, the run must not wait for it for ever.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

/**
 * A user for this machine alone, or why there is none: then what needs no user is still checked. Where no password is
 * to be reset, nobody is kept from others.
 */
async function leaseAccount(
  job: Job,
  machine: MachineSettings,
  { stateFolder, tenant, accountBudget }: Settings,
): Promise<Lease<AccountSettings> | Fault | undefined> {
  if (!job.stages.includes('logon')) return undefined;
  try {
    const pool = openPool({
      folder: stateFolder,
      tenantId: tenant.tenantId,
      budget: accountBudget,
      owner: { run: basename(job.runFolder), machine: job.machine },
    });
    return await pool.lease(machine.accounts);
  } catch (error) {
    return toFault(error);
  }
}

/** Runs the spec files of the planned stages, in order. Outcomes travel as events; mocha's own report is not used. */
async function tell(job: Job): Promise<void> {
  const mocha = new Mocha({
    reporter: Silent as unknown as Mocha.ReporterConstructor,
    timeout: 0,
    forbidOnly: true,
  });
  for (const stage of job.stages) {
    const number = String(STAGES.indexOf(stage)).padStart(2, '0');
    mocha.addFile(fileURLToPath(new URL(`../../specs/${number}-${stage}.spec.ts`, import.meta.url)));
  }
  await mocha.loadFilesAsync();
  await new Promise<void>((resolve) => {
    mocha.run(() => resolve());
  });
}

class Silent {}
