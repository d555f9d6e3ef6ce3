import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { XMLParser } from 'fast-xml-parser';
import type { VirtualBoxEndpoint } from '../../core/endpoints.ts';
import { describe } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { toPng } from '../png.ts';
import type { BehindMachine } from './machine.ts';

export const VM = '0f6c2b8e-7d54-4f6e-9a53-1b2c3d4e5f60';
const USER = 'operator';
const PASSWORD = 'web service <& password>';

/** A VirtualBox host with one machine: a program VBoxManage and a web service, as documented. */
export interface VirtualBoxHost {
  readonly endpoint: Required<VirtualBoxEndpoint>;
  /** Calls of VBoxManage, and operations of the web service, in order. */
  readonly calls: string[];
  /** `VMState` of the machine. */
  state: string;
  /** Whether the machine's mouse can be put at a place. */
  tablet: boolean;
  /** So many codes are kept of each call; the rest is left to the caller. */
  keyboardKeeps: number;
  /** So many pictures fail now, as while the guest changes its resolution. */
  blind: number;
  /** Programs of VBoxManage that run now. */
  running: number;
  /** Locks and sessions of the web service that are not given back. */
  readonly held: ReadonlySet<string>;
  /** The web service forgets all sessions, as it does after a time. */
  forget(): void;
  close(): Promise<void>;
}

/** Starts both. VBoxManage is found by SSPR_VBOXMANAGE, which is set until `close`. */
export async function startVirtualBox(machine: () => BehindMachine): Promise<VirtualBoxHost> {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-stand-in-'));
  const program = join(folder, 'VBoxManage');
  const standIn = fileURLToPath(new URL('vboxmanage-stand-in.mjs', import.meta.url));
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${standIn}' "$@"\n`);
  chmodSync(program, 0o755);
  const socket = join(folder, 'socket');
  const before = { ...process.env };
  process.env.SSPR_VBOXMANAGE = program;
  process.env.SSPR_TEST_SOCKET = socket;

  const held = new Set<string>();
  const host = {
    endpoint: {
      kind: 'virtualbox' as const,
      id: VM,
      webService: { url: '', user: USER, password: new Secret(PASSWORD) },
    },
    calls: [] as string[],
    state: 'running',
    tablet: true,
    keyboardKeeps: Infinity,
    blind: 0,
    running: 0,
    held,
    forget: () => held.clear(),
    async close() {
      for (const server of servers) await stop(server);
      restore(before, ['SSPR_VBOXMANAGE', 'SSPR_TEST_SOCKET']);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const commands = createServer(answering((body) => command(host, machine, JSON.parse(body) as string[])));
  const service = createServer(answering((body) => operation(host, machine, body)));
  const servers = [commands, service];
  commands
    .on('connection', () => host.running++)
    .on('connection', (it) => it.on('close', () => host.running--));
  commands.listen(socket);
  service.listen(0, '127.0.0.1');
  await Promise.all(servers.map((server) => once(server, 'listening')));
  host.endpoint.webService.url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/`;
  return host;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const answering =
  (answer: (body: string) => Promise<Answer>): RequestListener =>
  (request, response) => {
    void read(request)
      .then(answer)
      .catch((error: unknown) => ({ status: 400, type: 'text/plain', body: describe(error) }))
      .then(({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body));
  };

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function stop(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

function restore(before: NodeJS.ProcessEnv, names: readonly string[]): void {
  for (const name of names) {
    const value = before[name];
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
}

const said = (code: number, out: string, err = ''): Answer => ({
  status: 200,
  type: 'application/json',
  body: JSON.stringify({ code, out, err: err && `VBoxManage: error: ${err}\n` }),
});

/** VirtualBox' manual, chapter VBoxManage: showvminfo, controlvm. */
async function command(
  host: VirtualBoxHost,
  machine: () => BehindMachine,
  argv: readonly string[],
): Promise<Answer> {
  host.calls.push(argv.slice(0, 3).join(' '));
  const [verb, id, what, ...rest] = argv;
  if (id !== VM) return said(1, '', `Could not find a registered machine named '${id}'`);
  if (verb === 'showvminfo' && what === '--machinereadable')
    return said(0, `name="win7"\nUUID="${VM}"\nVMState="${host.state}"\nVideoMode="1024,768,32"@0,0 1\n`);
  if (verb !== 'controlvm') return said(2, '', `Invalid command '${verb}'`);
  if (host.state !== 'running') return said(1, '', "Machine 'win7' is not currently running.");
  if (what === 'screenshotpng' && rest.length === 1) {
    if (host.blind > 0) {
      host.blind--;
      return said(1, '', 'Failed to take a screenshot');
    }
    writeFileSync(rest[0] ?? '', await toPng(machine().frame()));
    return said(0, '');
  }
  if (what === 'keyboardputscancode' && rest.length > 0) {
    if (!rest.every((hex) => /^[0-9a-f]{2}$/i.test(hex)))
      return said(1, '', `Error: '${rest.join(' ')}' is not a hex byte`);
    await machine().scancodes(rest.map((hex) => Number.parseInt(hex, 16)));
    return said(0, '');
  }
  return said(2, '', `Invalid parameter '${what}'`);
}

class Refusal extends Error {
  constructor(
    message: string,
    readonly kind: 'RuntimeFault' | 'InvalidObjectFault' | undefined,
  ) {
    super(message);
  }
}

type Values = Readonly<Record<string, string | readonly string[]>>;
type Operation = (
  host: VirtualBoxHost,
  machine: () => BehindMachine,
  values: Values,
) => Promise<string> | string;

const text = (values: Values, name: string): string => {
  const value = values[name];
  if (typeof value !== 'string') throw new Error(`the parameter ${name} is missing`);
  return value;
};

/** A reference: what it stands for, and which session it belongs to. */
function own(host: VirtualBoxHost, values: Values, name: string, kind: string): void {
  const reference = text(values, name);
  if (!reference.startsWith(`${kind}-`) || !host.held.has('session'))
    throw new Refusal(`Invalid managed object reference "${reference}"`, 'InvalidObjectFault');
}

const held = (host: VirtualBoxHost): Set<string> => host.held as Set<string>;
let pressed = 0;

/** VirtualBox SDK Reference: the interfaces IWebsessionManager, IVirtualBox, IMachine, ISession, IConsole, IKeyboard, IMouse. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  IWebsessionManager_logon(host, _machine, values) {
    if (text(values, 'username') !== USER || text(values, 'password') !== PASSWORD)
      throw new Refusal('logon failed', undefined);
    held(host).add('session');
    return 'virtualbox-1';
  },
  IWebsessionManager_logoff(host, _machine, values) {
    own(host, values, 'refIVirtualBox', 'virtualbox');
    held(host).delete('session');
    return '';
  },
  IVirtualBox_findMachine(host, _machine, values) {
    own(host, values, '_this', 'virtualbox');
    if (text(values, 'nameOrId') !== VM)
      throw new Refusal('Could not find a registered machine (0x80BB0001)', 'RuntimeFault');
    return 'machine-2';
  },
  IWebsessionManager_getSessionObject(host, _machine, values) {
    own(host, values, 'refIVirtualBox', 'virtualbox');
    return 'session-3';
  },
  IMachine_lockMachine(host, _machine, values) {
    own(host, values, '_this', 'machine');
    own(host, values, 'session', 'session');
    if (text(values, 'lockType') !== 'Shared')
      throw new Refusal('The machine is already locked by a session (0x80BB0007)', 'RuntimeFault');
    held(host).add('lock');
    return '';
  },
  ISession_getConsole(host, _machine, values) {
    own(host, values, '_this', 'session');
    if (!host.held.has('lock')) throw new Refusal('The session is not locked', 'RuntimeFault');
    return host.state === 'running' ? 'console-4' : '';
  },
  ISession_unlockMachine(host, _machine, values) {
    own(host, values, '_this', 'session');
    held(host).delete('lock');
    return '';
  },
  IConsole_getKeyboard(host, _machine, values) {
    own(host, values, '_this', 'console');
    return 'keyboard-5';
  },
  IConsole_getMouse(host, _machine, values) {
    own(host, values, '_this', 'console');
    return 'mouse-6';
  },
  async IKeyboard_putScancodes(host, machine, values) {
    own(host, values, '_this', 'keyboard');
    const codes = [values.scancodes ?? []].flat().map(Number).slice(0, host.keyboardKeeps);
    await machine().scancodes(codes);
    return String(codes.length);
  },
  IMouse_getAbsoluteSupported(host, _machine, values) {
    own(host, values, '_this', 'mouse');
    return String(host.tablet);
  },
  async IMouse_putMouseEventAbsolute(host, machine, values) {
    own(host, values, '_this', 'mouse');
    const number = (name: string): number => Number(text(values, name));
    if (number('dz') !== 0 || number('dw') !== 0) throw new Error('the wheel is not used');
    // 1, 1 is the upper left pixel.
    await machine().move(number('x') - 1, number('y') - 1);
    const buttons = number('buttonState');
    // 1 left, 2 right, 4 middle; X11 counts left, middle, right.
    for (const [bit, x11] of [
      [1, 1],
      [2, 3],
      [4, 2],
    ] as const)
      if ((buttons ^ pressed) & bit) await machine().button(x11, (buttons & bit) !== 0);
    pressed = buttons;
    return '';
  },
};

const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const parser = new XMLParser({ ignoreAttributes: false, parseTagValue: false, trimValues: false });

async function operation(host: VirtualBoxHost, machine: () => BehindMachine, xml: string): Promise<Answer> {
  const { 'soap:Envelope': envelope } = parser.parse(xml) as {
    'soap:Envelope': Record<'@_xmlns:soap' | '@_xmlns:vbox', string> & {
      'soap:Body': Record<string, Values>;
    };
  };
  if (envelope['@_xmlns:soap'] !== SOAP || envelope['@_xmlns:vbox'] !== 'http://www.virtualbox.org/')
    throw new Error('the namespaces are not those of SOAP 1.1 and VirtualBox');
  const [[tag, values] = ['', {} as Values]] = Object.entries(envelope['soap:Body']);
  const name = tag.replace(/^vbox:/, '');
  host.calls.push(name);
  try {
    const act = OPERATIONS[name];
    if (!act) throw new Refusal(`Method '${tag}' not implemented`, undefined);
    const value = await act(host, machine, values);
    return soap(
      200,
      `<vbox:${name}Response>${value && `<returnval>${value}</returnval>`}</vbox:${name}Response>`,
    );
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const detail = error.kind ? `<detail><vbox:${error.kind}><returnval/></vbox:${error.kind}></detail>` : '';
    return soap(
      500,
      `<SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</faultcode><faultstring>${error.message}</faultstring>${detail}</SOAP-ENV:Fault>`,
    );
  }
}

const soap = (status: number, body: string): Answer => ({
  status,
  type: 'text/xml; charset=utf-8',
  body: `<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="${SOAP}" xmlns:vbox="http://www.virtualbox.org/"><SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`,
});
