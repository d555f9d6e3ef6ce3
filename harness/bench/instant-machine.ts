import type { ShellCommand } from '../lab/guest/commands.ts';
import { PROFILES } from '../lab/guest/profile.ts';
import { WinrmServer } from '../lab/guest/winrm-server.ts';
import { WinrmService } from '../lab/guest/winrm-service.ts';
import { WINRM_SETTINGS } from '../lab/guest/winrm-settings.ts';
import type { Account } from './winrm.ts';

/** A WinRM server of the lab whose commands have ended before they begin: what is left is the client's own work. */
export async function startInstantMachine(): Promise<{ account: Account; close: () => Promise<void> }> {
  const [user, password] = ['vagrant', 'vagrant'];
  const server = await WinrmServer.open({
    service: new WinrmService({
      settings: WINRM_SETTINGS.win7,
      windows: PROFILES.win7,
      start: () => Promise.resolve(new InstantCommand()),
    }),
    security: {
      computerName: 'WIN7-LAB',
      version: PROFILES.win7.version,
      account: { user, password },
    },
    port: 0,
    log: () => undefined,
  });
  const account = { url: `http://127.0.0.1:${server.port}/wsman`, user, password };
  return { account, close: () => server.close() };
}

class InstantCommand implements ShellCommand {
  readonly exitCode = 0;
  readonly exited = Promise.resolve(0);
  #output = Buffer.from('hello\r\n');

  read(): { stdout: Buffer; stderr: Buffer } {
    const stdout = this.#output;
    this.#output = Buffer.alloc(0);
    return { stdout, stderr: Buffer.alloc(0) };
  }

  write(): Promise<void> {
    return Promise.resolve();
  }

  closeInput(): void {
    // it reads nothing
  }

  terminate(): void {
    // it has ended
  }

  forget(): void {
    // nothing is kept of it
  }
}
