import { Fault } from '../../core/errors.ts';

/**
 * Microsoft excludes such sessions from self-service password reset. Whether somebody is connected by one just now cannot
 * be seen from the host, so it is refused that anybody could be. Source: facts 1.3, L2.
 */
export const enhancedSession = (where: string): Fault =>
  new Fault(`${where} allows enhanced sessions, in which password reset is not available`, {
    code: 'enhanced-session',
    blame: 'config',
    remedy:
      'Switch them off on the host for the time of the check: Set-VMHost -EnableEnhancedSessionMode $false.',
  });

/** Hyper-V shows no machine to users without rights, rather than say so. */
export const noSuchMachine = (id: string): Fault =>
  new Fault(`Hyper-V shows no machine ${id}`, {
    code: 'hyperv-no-such-machine',
    blame: 'config',
    remedy:
      'Run elevated, or as a member of Hyper-V Administrators; if you do, the machine was deleted: make it anew.',
  });

export const hypervMissing = (cause: unknown): Fault =>
  new Fault('This host has no Hyper-V', {
    code: 'hyperv-missing',
    blame: 'config',
    remedy:
      'Run on the Windows host of the machines, with the Hyper-V role and its management tools installed.',
    cause,
  });

export const accessDenied = (cause: unknown): Fault =>
  new Fault('Hyper-V denies access', {
    code: 'hyperv-access-denied',
    blame: 'config',
    remedy: 'Run elevated, or as a member of Hyper-V Administrators.',
    cause,
  });

export const wrongAnswer = (doing: string, why: string): Fault =>
  new Fault(`The script answers in another shape while ${doing}: ${why}`, {
    code: 'powershell-protocol',
    blame: 'harness',
    remedy: 'Report this with the versions of Windows and PowerShell on the host.',
  });
