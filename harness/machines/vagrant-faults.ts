import { Fault, type Blame } from '../core/errors.ts';

/** The class of a Vagrant that died without naming one: a bare Ruby exception, or text about wrong usage. */
export const CRASH = 'RubyCrash';

/** Somebody else holds one of Vagrant's locks; it will be free again. */
export const LOCK_CLASSES: ReadonlySet<string> = new Set([
  'MachineLocked',
  'MachineActionLockedError',
  'EnvironmentLockedError',
]);

interface Kind {
  readonly code: string;
  readonly blame: Blame;
  readonly retryable?: boolean;
  readonly remedy: string;
  /** Names of Ruby classes, without their modules. */
  readonly classes: readonly string[];
}

const KINDS: readonly Kind[] = [
  {
    code: 'provider-missing',
    blame: 'config',
    remedy: 'Install the Vagrant plugin of that provider, or name another provider.',
    classes: ['ProviderNotFound'],
  },
  {
    code: 'provider-unusable',
    blame: 'config',
    remedy: 'Install what the provider needs, or name another provider; `lab` needs nothing.',
    classes: [
      'ProviderNotUsable',
      'NoDefaultProvider',
      'NotUsable',
      'VBoxManageNotFoundError',
      'VirtualBoxNotDetected',
    ],
  },
  {
    code: 'other-provider-active',
    blame: 'config',
    remedy: 'Use the provider that the machine was made with, or destroy the machine first.',
    classes: ['ActiveMachineWithDifferentProvider'],
  },
  {
    code: 'box-missing',
    blame: 'config',
    remedy: 'Set SSPR_BOX_WIN7, SSPR_BOX_WIN8 or SSPR_BOX_WIN81 to the name of a box that you have.',
    classes: [
      'BoxUnset',
      'BoxNotFound',
      'BoxNotFoundWithProvider',
      'BoxAddShortNotFound',
      'BoxAddNoMatchingProvider',
    ],
  },
  {
    code: 'box-broken',
    blame: 'config',
    remedy: 'Build or fetch the box anew: the provider cannot use its metadata or its disk.',
    classes: [
      'WrongBoxFormatSet',
      'NoBoxFormatSet',
      'NoBoxVirtualSizeSet',
      'BoxFormatMissingAttribute',
      'BadBoxImage',
      'BoxUnpackageFailure',
      'BoxMetadataCorrupted',
      'BoxMetadataFileNotFound',
    ],
  },
  {
    code: 'machine-left-over',
    blame: 'harness',
    remedy:
      'Remove what a killed Vagrant left: run `vagrant destroy` for the machine, and `virsh undefine` if the name is still taken.',
    classes: ['DomainNameExists', 'DomainVolumeExists'],
  },
  {
    code: 'unknown-machine',
    blame: 'config',
    remedy: 'Use the name of a machine of the Vagrantfile.',
    classes: ['VMNotFoundError', 'VMNoMatchError', 'MachineNotFound'],
  },
  {
    code: 'vagrantfile-invalid',
    blame: 'config',
    remedy: 'Run `vagrant validate` and correct the Vagrantfile.',
    classes: [
      'ConfigInvalid',
      'NoEnvironmentError',
      'VagrantfileLoadError',
      'VagrantfileNameError',
      'VagrantfileSyntaxError',
      'VagrantfileTemplateNotFoundError',
      'VagrantVersionBad',
    ],
  },
  {
    code: 'machine-boot-timeout',
    blame: 'machine',
    retryable: true,
    remedy: 'Look at its console; on a slow host, raise boot_timeout in the Vagrantfile.',
    classes: ['VMBootTimeout', 'BootTimeout'],
  },
  {
    code: 'machine-unresponsive',
    blame: 'machine',
    remedy:
      "Look at its console. Destroy the machine, or switch it off with its provider's own tool (libvirt: virsh destroy).",
    // Fog's: vagrant-libvirt lets it through when a machine ignores the power button.
    classes: ['TimeoutError'],
  },
  {
    code: 'guest-died',
    blame: 'machine',
    retryable: true,
    remedy: 'Read the end of the log in the message; the log itself is in .lab/run/logs.',
    classes: ['GuestDied', 'VMFailedToRun', 'VMBootBadState'],
  },
  {
    code: 'machine-down',
    blame: 'machine',
    remedy: 'Start the machine: npx sspr up.',
    classes: ['GuestNotRunning', 'WinRMNotReady', 'WinRMNotRead', 'VMNotCreatedError', 'VMNotRunningError'],
  },
  {
    code: 'machine-locked',
    blame: 'harness',
    retryable: true,
    remedy: 'Wait until the other Vagrant command is done, or end it.',
    classes: [...LOCK_CLASSES],
  },
  {
    code: 'snapshot-missing',
    blame: 'config',
    remedy: 'List the snapshots with `vagrant snapshot list` and name one of them.',
    classes: ['SnapshotNotFound'],
  },
  {
    code: 'snapshot-refused',
    blame: 'config',
    remedy: 'Choose another name for the snapshot, or delete the old one first.',
    classes: ['SnapshotConflictFailed', 'BadSnapshotName', 'SnapshotNotSupported', 'SnapshotForceFailed'],
  },
  {
    code: 'not-supported',
    blame: 'config',
    remedy: 'Use what the message names in its place.',
    classes: ['NotSupported', 'UnimplementedProviderAction'],
  },
  {
    code: 'winrm-failed',
    blame: 'machine',
    retryable: true,
    remedy: 'Check that WinRM is enabled in the machine and that the account is right.',
    classes: ['WinRMFailed', 'AuthenticationFailed', 'ConnectionTimeout', 'ConnectionRefused'],
  },
  {
    code: 'vagrant-state-corrupt',
    blame: 'harness',
    remedy: 'Remove the file that the message names; Vagrant writes it anew.',
    classes: ['CorruptMachineIndex'],
  },
  {
    code: 'interrupted',
    blame: 'harness',
    remedy: 'Run it again when you are ready.',
    classes: ['VagrantInterrupt'],
  },
  {
    code: 'vagrant-crashed',
    blame: 'harness',
    remedy: 'Run the same command by hand to see the whole error of Vagrant.',
    classes: [CRASH, 'Unexpected'],
  },
];

const KIND_OF = new Map(KINDS.flatMap((kind) => kind.classes.map((name) => [name, kind] as const)));

/** For the many classes of the providers that are not in the table. */
const OTHER = {
  code: 'vagrant-failed',
  blame: 'machine',
  remedy: 'Run the same command by hand to see the whole output of Vagrant.',
} as const;

/** `Vagrant::Errors::MachineLocked` -> `MachineLocked` */
export const shortClass = (rubyClass: string): string => rubyClass.split('::').pop() ?? rubyClass;

/**
 * The Fault for a failed Vagrant command.
 * @param command as one would type it, without `vagrant`
 * @param rubyClass class of the error, with or without its modules
 * @param text Vagrant's own words
 */
export function vagrantFault(command: string, rubyClass: string, text: string): Fault {
  const { code, blame, remedy, retryable }: Omit<Kind, 'classes'> =
    (rubyClass === CRASH ? KIND_OF.get(shortClass(raised(text))) : undefined) ??
    KIND_OF.get(shortClass(rubyClass)) ??
    OTHER;
  return new Fault(`vagrant ${command}: ${text.trim()} (${rubyClass})`, {
    code,
    blame,
    remedy,
    retryable: retryable ?? false,
  });
}

/** What Ruby died of: the class behind the message on the first line of a backtrace; '' when there is none. */
const raised = (backtrace: string): string => /\((\w+(?:::\w+)*)\)$/m.exec(backtrace)?.[1] ?? '';

/** The Fault for a host without Vagrant. */
export const vagrantMissing = (executable: string, cause: unknown): Fault =>
  new Fault(`The program ${executable} cannot be started`, {
    code: 'vagrant-missing',
    blame: 'config',
    remedy: 'Install Vagrant: apt-get install vagrant, or https://developer.hashicorp.com/vagrant.',
    cause,
  });
