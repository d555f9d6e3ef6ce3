import { Fault } from '../../core/errors.ts';

export const unreachable = (where: string, cause: unknown): Fault =>
  new Fault(`No VNC server answers at ${where}`, {
    code: 'vnc-unreachable',
    blame: 'machine',
    retryable: true,
    remedy: 'Check that the machine runs and that its console has this address.',
    cause,
  });

export const silent = (where: string): Fault =>
  new Fault(`${where} accepts connections but never greets as a VNC server does`, {
    code: 'vnc-unreachable',
    blame: 'machine',
    retryable: true,
    remedy: 'Check that this is the port of the VNC console; if it is, restart the machine.',
  });

export const notVnc = (where: string, greeting: string): Fault =>
  new Fault(`${where} is not a VNC server; it greets with ${JSON.stringify(greeting)}`, {
    code: 'vnc-unreachable',
    blame: 'config',
    remedy: "Set the address of the machine's console to its VNC port.",
  });

/** Self-service reset is not supported over Remote Desktop, so such a server is no console for this check. */
export const remoteDesktop = (where: string): Fault =>
  new Fault(`${where} speaks Remote Desktop (RDP), which is not the console of the machine`, {
    code: 'rdp-not-a-console',
    blame: 'config',
    remedy:
      'Give the VNC address of the console; in VirtualBox, use the VNC extension pack instead of the RDP server.',
  });

export const unknownSecurity = (where: string, types: readonly number[]): Fault =>
  new Fault(`${where} offers only security types that are not spoken here: ${types.join(', ')}`, {
    code: 'vnc-security-unsupported',
    blame: 'config',
    remedy: 'Set up the console with a VNC password (security type 2), reachable from loopback only.',
  });

export const unauthorized = (where: string, reason: string): Fault =>
  new Fault(`${where} refuses the VNC password${reason && `: ${reason}`}`, {
    code: 'vnc-unauthorized',
    blame: 'config',
    remedy: "Set the console's password as the machine has it; only its first 8 characters count.",
  });

export const refused = (where: string, reason: string): Fault =>
  new Fault(`${where} refuses the connection: ${reason}`, {
    code: 'vnc-refused',
    blame: 'machine',
    retryable: true,
    remedy:
      'Close other viewers of this console; after wrong passwords, wait until the server forgives them.',
  });

export const closed = (where: string, cause?: unknown): Fault =>
  new Fault(`The console at ${where} has closed the connection`, {
    code: 'vnc-closed',
    blame: 'machine',
    retryable: true,
    remedy: 'Check whether the machine was powered off or restarted, then connect again.',
    cause,
  });

export const garbled = (what: string): Fault =>
  new Fault(`The console sends what VNC does not allow: ${what}`, {
    code: 'vnc-garbled',
    blame: 'machine',
    remedy: 'Report this with the name and version of the VNC server.',
  });
