import type { ToolNames } from '../disk.ts';
import { encodeOem } from '../oem.ts';
import { Registry } from '../registry.ts';
import { type Helper, u32, wideStrings } from '../wire.ts';
import { certutil } from './certutil.ts';
import { cscript } from './cscript.ts';
import { eventcreate } from './eventcreate.ts';
import { findstr } from './findstr.ts';
import { fsutil } from './fsutil.ts';
import { msiexec } from './msiexec.ts';
import { netsh } from './netsh.ts';
import { powershell } from './powershell.ts';
import { schtasks } from './schtasks.ts';
import { net, sc } from './services.ts';
import { logoff, query, quser, qwinsta } from './sessions.ts';
import { shutdown } from './shutdown.ts';
import { systeminfo } from './systeminfo.ts';
import { tasklist } from './tasklist.ts';
import { type GuestProcess, type Machine, type Tool, type ToolCall, splitCommandLine } from './tool.ts';
import { wevtutil } from './wevtutil.ts';

/** The programs of Windows that the lab supplies, by their names. */
const TOOLS: Readonly<Record<string, Tool>> = {
  certutil,
  cscript,
  eventcreate,
  findstr,
  fsutil,
  logoff,
  msiexec,
  net,
  netsh,
  powershell,
  query,
  quser,
  qwinsta,
  sc,
  schtasks,
  shutdown,
  systeminfo,
  tasklist,
  wevtutil,
};

/** Where they lie. */
export const TOOL_NAMES: ToolNames = {
  system32: Object.keys(TOOLS).filter((name) => name !== 'powershell'),
  elsewhere: ['system32/windowspowershell/v1.0/powershell.exe'],
};

const NOT_RECOGNISED = 9009;

/** Serves one call of a tool, to its exit. Rejects when the tool fails, or is ended with its guest or by its caller. */
export async function serveTool(helper: Helper, machine: Machine): Promise<void> {
  const { name, folder, commandLine } = helper.hello;
  const { args, rawArguments } = splitCommandLine(commandLine);
  const write = (kind: 'O' | 'E', text: string): void =>
    helper.notify(kind, 0, encodeOem(text.replace(/\r?\n/g, '\r\n')));
  const call: ToolCall = {
    args,
    rawArguments,
    folder,
    machine,
    registry: new Registry(helper),
    print: (text) => write('O', text),
    complain: (text) => write('E', text),
    printBytes: (bytes) => helper.notify('O', 0, bytes),
    readInput: () => helper.request('G', new Uint8Array()),
    run: async (application, line) =>
      (await helper.request('R', wideStrings(application, line))).readUInt32LE(),
    processes: async () => readProcesses(await helper.request('L', new Uint8Array())),
  };
  const code = await (TOOLS[name]?.(call) ?? NOT_RECOGNISED);
  helper.notify('X', 0, u32(code));
}

function readProcesses(payload: Buffer): GuestProcess[] {
  const processes: GuestProcess[] = [];
  for (let at = 0; at + 12 < payload.length;) {
    let end = at + 12;
    while (end + 1 < payload.length && payload.readUInt16LE(end) !== 0) end += 2;
    processes.push({
      pid: payload.readUInt32LE(at),
      parent: payload.readUInt32LE(at + 4),
      workingSetKib: payload.readUInt32LE(at + 8),
      name: payload.toString('utf16le', at + 12, end),
    });
    at = end + 2;
  }
  return processes;
}
