import { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { type Look, poll } from '../../core/poll.ts';
import type { Channel } from '../channel.ts';

/** How often a machine that restarts is looked at. */
const LOOK_EVERY_MS = 500;

/** What one look may take: a machine in the middle of a shutdown may accept a connection and never answer. */
const LOOK_MS = 15_000;

/** A machine may answer before its accounts are there. Each refusal counts for the account's lock-out, so there are few. */
const MOST_REFUSALS = 3;
const AFTER_REFUSAL_MS = 10_000;

/** Boot times of the same boot may differ by the rounding of the machine's clock. */
const SAME_BOOT_MS = 1000;

/**
 * When the machine was booted, by its own clock, ISO 8601 UTC.
 * @throws Fault `boot-time-unreadable` when wmic says something else
 */
export async function bootedAt(channel: Channel, deadline: Deadline): Promise<string> {
  const { stdout, stderr } = await channel.exec({ line: 'wmic os get LastBootUpTime /value' }, deadline);
  const time = parseWmiTime(stdout);
  if (time !== undefined) return time;
  throw new Fault(`wmic does not tell the boot time: ${(stdout + stderr).trim().slice(0, 200)}`, {
    code: 'boot-time-unreadable',
    blame: 'machine',
    retryable: true,
    remedy:
      'Check on the machine that `wmic os get LastBootUpTime` works: the WMI service may not be up yet.',
  });
}

/**
 * The first CIM date-time in a text (`20261121034803.787000+060`, local time and its offset in minutes) as ISO 8601
 * UTC, or undefined. wmic writes UTF-16, of which a reader of UTF-8 sees NULs between the characters.
 */
export function parseWmiTime(text: string): string | undefined {
  const found = /(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{3})\d{3}([+-]\d{3})/.exec(
    text.replaceAll('\0', ''),
  );
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second, ms, offset] = found.slice(1).map(Number) as Eight;
  const time = Date.UTC(year, month - 1, day, hour, minute - offset, second, ms);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
type Eight = [number, number, number, number, number, number, number, number];

export interface Rebooted {
  /** A new channel to the restarted machine; the old one is closed. */
  readonly channel: Channel;
  readonly before: string;
  readonly after: string;
}

/**
 * Restarts the machine and waits until it is back, which only a newer boot time proves.
 * @param open makes a new channel, as often as it takes
 * @throws Fault `reboot-refused`, `reboot-never-started`, `reboot-never-came-back`
 */
export async function reboot(
  channel: Channel,
  open: (deadline: Deadline) => Promise<Channel>,
  deadline: Deadline,
): Promise<Rebooted> {
  const before = await bootedAt(channel, deadline);
  await orderReboot(channel, deadline);
  await channel.close();
  return { before, ...(await waitForReboot(open, before, deadline)) };
}

/**
 * @param before the boot time until now, as `bootedAt` tells it
 * @param afterRefusalMs pause after a refused password
 * @throws Fault `reboot-never-started`, `reboot-never-came-back`, `winrm-unauthorized` when it refuses the password for good
 */
export async function waitForReboot(
  open: (deadline: Deadline) => Promise<Channel>,
  before: string,
  deadline: Deadline,
  afterRefusalMs = AFTER_REFUSAL_MS,
): Promise<Omit<Rebooted, 'before'>> {
  const history = { wasAway: false, last: '', refusals: 0 };
  const look = async (): Promise<Look<Omit<Rebooted, 'before'>>> => {
    const seen = await lookAt(open, deadline);
    if (seen instanceof Fault) {
      history.wasAway = true;
      history.last = seen.message;
      if (seen.code === 'winrm-unauthorized') {
        if (++history.refusals >= MOST_REFUSALS) throw seen;
        await deadline.sleep(afterRefusalMs);
      }
    } else {
      if (isNewer(seen.after, before)) return { done: true, value: seen };
      await seen.channel.close();
      history.last = `still up since ${seen.after}`;
    }
    return { done: false, seen: history.last };
  };
  try {
    return await poll(look, { deadline, everyMs: LOOK_EVERY_MS });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'timed-out') throw error;
    throw history.wasAway ? neverCameBack(history.last) : neverStarted(history.last);
  }
}

/** A channel with its boot time, or why the machine cannot be asked just now. */
async function lookAt(
  open: (deadline: Deadline) => Promise<Channel>,
  deadline: Deadline,
): Promise<{ channel: Channel; after: string } | Fault> {
  const limit = deadline.within(LOOK_MS, 'looking whether the machine is back');
  let channel: Channel | undefined;
  try {
    channel = await open(limit);
    return { channel, after: await bootedAt(channel, limit) };
  } catch (error) {
    await channel?.close();
    if (error instanceof Fault && error.blame !== 'harness') return error;
    throw error;
  }
}

/** The machine may be gone before it has answered, so losing it here is no error. */
async function orderReboot(channel: Channel, deadline: Deadline): Promise<void> {
  const result = await channel.exec({ line: 'shutdown /r /t 0 /f' }, deadline).catch((error: unknown) => {
    if (error instanceof Fault && ['winrm-unreachable', 'winrm-shell-gone'].includes(error.code))
      return undefined;
    throw error;
  });
  if (result === undefined || result.exitCode === 0) return;
  throw new Fault(
    `The machine refuses to restart (exit code ${result.exitCode}): ${(result.stderr || result.stdout).trim()}`,
    {
      code: 'reboot-refused',
      blame: 'machine',
      remedy: 'Check that the account may shut the machine down and that no other shutdown is scheduled.',
    },
  );
}

const isNewer = (after: string, before: string): boolean =>
  Date.parse(after) - Date.parse(before) > SAME_BOOT_MS;

const neverStarted = (last: string): Fault =>
  new Fault(`The machine was told to restart, but it never went down (last seen: ${last})`, {
    code: 'reboot-never-started',
    blame: 'machine',
    retryable: true,
    remedy: 'Look at its console: a program or an update may hold the shutdown up.',
  });

const neverCameBack = (last: string): Fault =>
  new Fault(`The machine went down and did not come back in time (last seen: ${last})`, {
    code: 'reboot-never-came-back',
    blame: 'machine',
    retryable: true,
    remedy: 'Look at its console: it may be installing updates. Raise the time limit when it is only slow.',
  });
