import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Guest } from './guest.ts';
import { decodeOem } from './oem.ts';
import { prepareGuestFiles } from './prepare.ts';

/*
 * For tests of other rooms, which may not import this one: a guest without a screen and without WinRM, as a process.
 *   prompt-main.ts win7|win8|win81
 * Each line of its input is a line for the guest's cmd.exe, as a JSON text; each line of its output is what came of
 * it: { exitCode, stdout, stderr }. The first line of its output is {}: the guest is on. It ends with its input.
 */

const profile = process.argv[2] as 'win7' | 'win8' | 'win81';
const data = mkdtempSync(join(tmpdir(), `guest-prompt-${profile}-`));
const say = (value: object): void => console.log(JSON.stringify(value));

const guest = await Guest.open({
  data,
  name: profile,
  profile,
  files: await prepareGuestFiles(() => undefined),
  lab: () => undefined,
  log: () => undefined,
  onShutdown: () => undefined,
  onSignOut: () => undefined,
  winrm: { running: () => false, switch: () => undefined },
});
try {
  await guest.boot();
  say({});
  for await (const line of createInterface({ input: process.stdin })) {
    say(await prompt(JSON.parse(line) as string));
  }
} finally {
  await guest.powerOff('cut');
  rmSync(data, { recursive: true, force: true });
}

async function prompt(line: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const command = await guest.start({ line: `cmd.exe /s /c "${line}"`, folder: 'C:\\' });
  command.closeInput();
  const exitCode = await command.exited;
  const { stdout, stderr } = command.read();
  command.forget();
  return { exitCode, stdout: decodeOem(stdout), stderr: decodeOem(stderr) };
}
