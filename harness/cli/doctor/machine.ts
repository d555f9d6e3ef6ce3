import type { Deadline } from '../../core/deadline.ts';
import type { WinrmEndpoint } from '../../core/endpoints.ts';
import { Fault, toFault } from '../../core/errors.ts';
import { isConfidential } from '../../config/confidential.ts';
import { openConsole } from '../../console/open.ts';
import type { Channel } from '../../guest/channel.ts';
import { openChannel } from '../../guest/open.ts';
import type { MsiFacts } from '../../guest/msi.ts';
import { readWinrmConfig } from '../../guest/winrm/config.ts';
import type { Endpoints } from '../../machines/machine.ts';
import { judgeClock } from './clocks.ts';
import { type Examination, type Finding, later, once, type Once } from './finding.ts';
import { wrongSettings } from './quotas.ts';
import { askWindows, readWindows, type WindowsFacts } from './windows.ts';

const MINUTE = 60_000;

/**
 * Lines about a machine. Where it does not run there is one, which says so.
 * @param up the command that brings it up
 * @param find asks where the running machine is; throws `machine-down` when it does not run
 * @param msi the package that is to be installed there
 */
export async function machineExaminations(
  { name, up }: { readonly name: string; readonly up: string },
  find: () => Promise<Endpoints>,
  msi: Once<MsiFacts>,
  deadline: Deadline,
): Promise<readonly Examination[]> {
  const endpoints = once(name, find);
  try {
    return runningExaminations(await endpoints.own(), msi, deadline);
  } catch (error) {
    const down = toFault(error).code === 'machine-down';
    const notYet = later(`not running: not checked; ${up}`);
    return [{ what: 'machine', look: () => (down ? notYet : Promise.reject(toFault(error))) }];
  }
}

/** Lines about a machine that runs. Its passwords are tried once: what needs the same sign-in waits for the first. */
export function runningExaminations(
  { winrm, console }: Pick<Endpoints, 'winrm' | 'console'>,
  msi: Once<MsiFacts>,
  deadline: Deadline,
): readonly Examination[] {
  const windows = once('WinRM', () => {
    checkConfidential(winrm);
    return withChannel(winrm, deadline, (channel) => askWindows(channel, deadline));
  });
  return [
    {
      what: 'WinRM',
      look: async () => {
        await windows.own();
        return `${winrm.url} as ${winrm.user}`;
      },
    },
    {
      what: 'WinRM settings',
      look: async () => {
        await windows.needed();
        return judgeSettings(winrm, deadline);
      },
    },
    {
      what: 'Windows',
      look: async () => judgeArchitecture(readWindows(await windows.needed()), await msi.needed()),
    },
    {
      what: 'clock',
      look: async () => judgeClock(readWindows(await windows.needed()).clock, "the machine's clock"),
    },
    {
      what: 'console',
      look: async () => {
        const opened = await openConsole(console, deadline.within(MINUTE, 'opening the console'));
        try {
          const { width, height } = opened.frame();
          const where = console.kind === 'vnc' ? `VNC ${console.host}:${console.port}` : console.kind;
          return `${where}, ${width} x ${height}`;
        } finally {
          await opened.close();
        }
      },
    },
  ];
}

async function withChannel<T>(
  winrm: WinrmEndpoint,
  deadline: Deadline,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = await openChannel(winrm, deadline.within(MINUTE, 'opening WinRM'));
  return work(channel).finally(() => channel.close());
}

/** Basic sends the password as it is: fine within this host or inside TLS, and nowhere else. */
function checkConfidential({ url, authentication }: WinrmEndpoint): void {
  if (authentication !== 'basic' || isConfidential(url)) return;
  throw new Fault(
    `Basic over plain HTTP to ${new URL(url).hostname}: the password would be readable on the way`,
    {
      code: 'winrm-not-confidential',
      blame: 'config',
      remedy:
        'Set winrm.authentication to auto or ntlm, which seals every message, or winrm.scheme to https.',
    },
  );
}

async function judgeSettings(winrm: WinrmEndpoint, deadline: Deadline): Promise<Finding | string> {
  const { authentication = 'auto' } = winrm;
  if (authentication === 'kerberos' || authentication === 'negotiate') {
    return later(`not read: ${authentication} goes through PowerShell`);
  }
  const config = await readWinrmConfig(winrm, deadline.within(MINUTE, 'reading the settings of WinRM'));
  const wrong = wrongSettings(config);
  if (wrong.length === 0) {
    const { MaxShellsPerUser = '?', MaxMemoryPerShellMB = '?' } = config.winrs;
    return `enough: ${MaxShellsPerUser} shells of ${MaxMemoryPerShellMB} MB, envelopes of ${config.MaxEnvelopeSizekb ?? '?'} KB`;
  }
  throw new Fault(wrong.map(({ says }) => says).join('; '), {
    code: 'winrm-settings',
    blame: 'machine',
    remedy: `On the machine, as administrator: ${wrong.map(({ remedy }) => remedy).join(' & ')}`,
  });
}

function judgeArchitecture({ version, architecture }: WindowsFacts, msi: MsiFacts): string {
  if (architecture === msi.architecture) return `${version}, ${architecture}, as the package`;
  throw new Fault(`${version} is ${architecture}, the package is for ${msi.architecture}`, {
    code: 'msi-wrong-architecture',
    blame: 'config',
    remedy: `Use the ${architecture} installer of the add-in.`,
  });
}
