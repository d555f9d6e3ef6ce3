import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { openConsole } from './open.ts';
import { consoleContract } from './testing/contract.ts';
import { HYPERV_VM, startHyperv, type HypervHost } from './testing/hyperv.ts';
import { startVirtualBox } from './testing/virtualbox.ts';

const ESTABLISHED = '01';

/** Connections to a port of loopback that are open now. */
function connectionsTo(port: number): number {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((row) => row[2] === address && row[3] === ESTABLISHED).length;
}

const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('sspr-virtualbox-'));

consoleContract('a VNC server', {
  gone: 'vnc-closed',
  start(display) {
    const before = connectionsTo(display.port);
    return Promise.resolve({
      open: (deadline) => openConsole(display, deadline),
      switchOff: () => display.close(),
      leftovers: () => (connectionsTo(display.port) > before ? ['a connection'] : []),
      close: () => Promise.resolve(),
    });
  },
});

for (const mouse of ['required', 'unused'] as const) {
  const hands = mouse === 'required' ? 'VBoxManage and its web service' : 'VBoxManage alone';
  consoleContract(`VirtualBox, by ${hands}`, {
    gone: 'machine-down',
    keysOnly: mouse === 'unused',
    async start(_display, machine) {
      const host = await startVirtualBox(machine);
      const { id, webService } = host.endpoint;
      const endpoint = { kind: 'virtualbox', id, ...(mouse === 'required' && { webService }) } as const;
      const before = folders();
      return {
        open: (deadline) => openConsole(endpoint, deadline, { mouse }),
        switchOff() {
          host.state = 'poweroff';
          return Promise.resolve();
        },
        leftovers: () => [
          ...folders().filter((name) => !before.includes(name)),
          ...host.held,
          ...(host.running > 0 ? ['a process'] : []),
          ...(connectionsTo(Number(new URL(webService.url).port)) > 0 ? ['a connection'] : []),
        ],
        close: () => host.close(),
      };
    },
  });
}

consoleContract('Hyper-V', {
  gone: 'machine-down',
  // A channel of five bits.
  tolerance: 8,
  start(_display, machine) {
    const hosts: HypervHost[] = [];
    return Promise.resolve({
      open(deadline) {
        const powershell = startHyperv(machine);
        hosts.push(powershell);
        return openConsole({ kind: 'hyperv', id: HYPERV_VM.toLowerCase() }, deadline, { powershell });
      },
      switchOff() {
        for (const host of hosts) host.state = 3;
        return Promise.resolve();
      },
      leftovers: () => hosts.filter(({ closed }) => !closed).map(() => 'a PowerShell'),
      close: () => Promise.resolve(),
    });
  },
});
