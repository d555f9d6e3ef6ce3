import type { FaultDetail } from '../core/errors.ts';

/** A screen on which nothing good is to be waited for. */
export interface BadScreen extends Omit<FaultDetail, 'cause'> {
  /** Any of these texts tells it. */
  readonly texts: readonly string[];
  /** What it means, as the beginning of a sentence: "The reset page can't be reached". */
  readonly means: string;
}

const UPDATING = {
  code: 'windows-is-updating',
  blame: 'machine',
  retryable: true,
  remedy: 'Let Windows finish its updates, restart it once, and run again.',
} as const;

const STOPPED = {
  code: 'blue-screen',
  blame: 'machine',
  remedy: 'Restore the machine to its snapshot and look at its memory dump.',
} as const;

const NOT_BOOTING = {
  code: 'windows-does-not-boot',
  blame: 'machine',
  remedy: 'Restore the machine to its snapshot; look at what its console shows.',
} as const;

/**
 * The screens of Windows 7, 8 and 8.1 that stop every wait at once. In English, which counts on machines of every
 * language: what is shown before Windows has loaded its language is English. Other wordings are captions of a language.
 */
export const WINDOWS_BAD_SCREENS: readonly BadScreen[] = [
  {
    ...UPDATING,
    texts: [
      'Configuring Windows updates',
      'Preparing to configure Windows',
      'Working on updates',
      'Installing update',
      'Failure configuring Windows updates',
    ],
    means: 'Windows is busy with updates',
  },
  {
    ...STOPPED,
    texts: ['Your PC ran into a problem', 'A problem has been detected and Windows has been shut down'],
    means: 'Windows has crashed',
  },
  {
    ...NOT_BOOTING,
    texts: [
      'Windows Error Recovery',
      'Startup Repair',
      'Windows failed to start',
      'BOOTMGR is missing',
      'No bootable device',
      'No bootable medium found',
      'Your PC needs to be repaired',
    ],
    means: 'Windows does not start',
  },
  {
    code: 'certificate-warning',
    blame: 'network',
    texts: [
      "There is a problem with this website's security certificate",
      'The security certificate presented by this website was not issued by a trusted certificate authority',
      'Your connection is not private',
      'There is a problem with the security certificate for this site',
    ],
    means: "The machine does not trust the web site's certificate",
    remedy:
      'Look for a proxy that opens TLS, for a wrong clock and for missing root certificates on the machine; exempt the reset portal from inspection.',
  },
  {
    code: 'windows-expired',
    blame: 'machine',
    texts: [
      'Your Windows license has expired',
      'This copy of Windows is expired',
      'Your Windows license will expire',
    ],
    means: 'The evaluation period of this Windows is over',
    remedy: 'Use a licensed machine, or make a new evaluation machine.',
  },
];
