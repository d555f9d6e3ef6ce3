/**
 * A lab guest without a Windows in it: keeps the promises that the provider relies on (harness/config/lab-state.ts)
 * and answers WinRM well enough to run a few commands. The provider's tests use it in place of harness/lab/guest.
 *
 * Commands: `hostname`, `echo TEXT`, `exit N`, `write TEXT` (to the disk), `read` (from the disk).
 * STAND_IN_BOOT_MS delays the boot; STAND_IN_DIES=1 dies instead.
 */
import { createServer } from 'node:http';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { GuestState } from '../../config/lab-state.ts';
import { processStartTime } from '../../core/process.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '' },
    token: { type: 'string', default: '' },
    name: { type: 'string', default: '' },
    profile: { type: 'string', default: '' },
    language: { type: 'string', default: '' },
  },
});
const stateFile = join(values.data, 'guest.json');
const diskFile = join(values.data, 'disk', 'text');
const account = { user: 'vagrant', password: randomBytes(9).toString('base64url') };

let state: GuestState = {
  token: values.token,
  pid: process.pid,
  startTime: processStartTime(process.pid),
  state: 'booting',
  name: values.name,
  computerName: `${values.profile.toUpperCase()}-LAB`,
  host: '127.0.0.1',
  winrm: { port: 0, ...account },
  vnc: { port: 0, password: 'unused' },
  bootId: randomUUID(),
};

function say(change: Partial<GuestState>): void {
  state = { ...state, ...change };
  writeFileSync(`${stateFile}.partial`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${stateFile}.partial`, stateFile);
}

function currentToken(): string {
  try {
    return (JSON.parse(readFileSync(stateFile, 'utf8')) as GuestState).token;
  } catch {
    return '';
  }
}

function readDisk(): string {
  try {
    return readFileSync(diskFile, 'utf8');
  } catch {
    return '';
  }
}

/** What the stand-in's command prompt knows. */
const COMMANDS: Record<string, (rest: string) => { readonly output?: string; readonly exitCode?: number }> = {
  hostname: () => ({ output: state.computerName }),
  echo: (rest) => ({ output: rest }),
  exit: (rest) => ({ exitCode: Number(rest) }),
  read: () => ({ output: readDisk() }),
  write: (rest) => {
    writeFileSync(diskFile, rest);
    return {};
  },
};

function execute(line: string): { output: string; exitCode: number } {
  const [, verb = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
  const { output = '', exitCode = 0 } = COMMANDS[verb]?.(rest) ?? {
    output: `no such command: ${verb}`,
    exitCode: 1,
  };
  return { output, exitCode };
}

const commands = new Map<string, string>();
const between = (xml: string, tag: string): string =>
  new RegExp(`<[a-z]+:${tag}(?:\\s[^>]*)?>([^<]*)<`).exec(xml)?.[1] ?? '';

/** Body of the answer to one WS-Management request. */
function answer(xml: string): string {
  switch (between(xml, 'Action').replace(/.*\//, '')) {
    case 'Create':
      return `<rsp:Shell><rsp:ShellId>${randomUUID()}</rsp:ShellId></rsp:Shell>`;
    case 'Command': {
      const id = randomUUID();
      commands.set(id, between(xml, 'Command'));
      return `<rsp:CommandResponse><rsp:CommandId>${id}</rsp:CommandId></rsp:CommandResponse>`;
    }
    case 'Receive': {
      const { output, exitCode } = execute(commands.get(/CommandId="([^"]+)"/.exec(xml)?.[1] ?? '') ?? '');
      return `<rsp:ReceiveResponse><rsp:Stream Name="stdout">${Buffer.from(output).toString('base64')}</rsp:Stream>
        <rsp:CommandState State="http://x/CommandState/Done"><rsp:ExitCode>${exitCode}</rsp:ExitCode></rsp:CommandState>
        </rsp:ReceiveResponse>`;
    }
    default:
      return '';
  }
}

const winrm = createServer((request, response) => {
  let xml = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (xml += chunk));
  request.on('end', () => {
    const basic = Buffer.from(`${account.user}:${account.password}`).toString('base64');
    if (request.headers.authorization !== `Basic ${basic}`) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="WSMAN"' }).end();
      return;
    }
    response
      .writeHead(200, { 'Content-Type': 'application/soap+xml;charset=UTF-8' })
      .end(`<s:Envelope xmlns:s="s" xmlns:rsp="r"><s:Body>${answer(xml)}</s:Body></s:Envelope>`);
  });
});

mkdirSync(join(values.data, 'disk'), { recursive: true });
say({});
setInterval(() => {
  if (currentToken() !== values.token) process.exit(3);
}, 500).unref();
process.on('SIGTERM', () => {
  say({ state: 'stopping' });
  process.exit(0);
});
console.log(`${values.name} boots`);
setTimeout(
  () => {
    if (process.env.STAND_IN_DIES === '1') throw new Error('the stand-in was told to die');
    winrm.listen(0, '127.0.0.1', () => {
      const address = winrm.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      say({
        state: 'running',
        winrm: { port: address.port, ...account },
        vnc: { port: 5900, password: 'unused' },
      });
    });
  },
  Number(process.env.STAND_IN_BOOT_MS ?? 0),
);
