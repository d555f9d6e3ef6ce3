import { Fault, type Blame } from '../../core/errors.ts';

/** What a method of Hyper-V's WMI classes returns when it has done what was asked, or has begun to. */
const DONE = [0, 4096];

/** What the keyboard returns while it is full: so documented for a wrong parameter, so seen for a full buffer. */
export const KEYBOARD_FULL = 32773;

interface Meaning {
  readonly says: string;
  readonly blame: Blame;
  readonly retryable: boolean;
  readonly remedy: string;
}

const STATE =
  'See in Hyper-V Manager whether the machine runs and shows a picture; restart it if it does not.';
const HOST = "Look into the host's event log (Hyper-V-VMMS); restart the service vmms if it stays so.";
const BUG = 'Report this with the version of Windows on the host.';

/** Source: Microsoft, Hyper-V WMI provider V2, return values of GetVirtualSystemThumbnailImage, TypeScancodes and others. */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  32768: { says: 'it failed', blame: 'machine', retryable: true, remedy: HOST },
  32769: {
    says: 'access denied',
    blame: 'config',
    retryable: false,
    remedy: 'Run as an administrator (elevated), or as a member of the group Hyper-V Administrators.',
  },
  32770: {
    says: 'not supported',
    blame: 'machine',
    retryable: false,
    remedy: 'Install the integration services in Windows of the machine, and restart it.',
  },
  32771: { says: 'its status is unknown', blame: 'machine', retryable: true, remedy: STATE },
  32772: { says: 'it took too long', blame: 'machine', retryable: true, remedy: HOST },
  32773: { says: 'a parameter is wrong', blame: 'harness', retryable: false, remedy: BUG },
  32774: { says: 'the machine is in use', blame: 'machine', retryable: true, remedy: STATE },
  32775: { says: 'the machine is not in the state for it', blame: 'machine', retryable: true, remedy: STATE },
  32776: { says: 'a parameter has the wrong type', blame: 'harness', retryable: false, remedy: BUG },
  32777: { says: 'the machine is not available', blame: 'machine', retryable: true, remedy: STATE },
  32778: {
    says: 'out of memory',
    blame: 'machine',
    retryable: true,
    remedy: 'Free memory on the host: stop machines that are not needed.',
  },
};

/** The Fault `hyperv-refused` that this return value stands for, or undefined when all is well. */
export function refusal(where: string, method: string, returnValue: number): Fault | undefined {
  if (DONE.includes(returnValue)) return undefined;
  const { says, ...detail } = MEANINGS[returnValue] ?? {
    says: 'an undocumented return value',
    blame: 'machine',
    retryable: true,
    remedy: BUG,
  };
  return new Fault(`${where} refuses ${method}: ${says} (${returnValue})`, {
    code: 'hyperv-refused',
    ...detail,
  });
}
