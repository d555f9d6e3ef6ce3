import { type Session, endRemoteSession, readSessions } from '../sessions.ts';
import type { Tool, ToolCall } from './tool.ts';

/** qwinsta.exe: all sessions of the machine. */
export const qwinsta: Tool = async ({ registry, print }) => {
  const sessions = await readSessions(registry);
  print(' SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE \n');
  for (const { name, user, id, state } of sessions) {
    // The first is that of the services, in which WinRM's commands run.
    const mark = id === 0 ? '>' : ' ';
    const type = state === 'Active' ? 'rdpwd' : '';
    print(
      `${mark}${name.padEnd(18)}${user.padEnd(20)}${String(id).padStart(7)}  ${state.padEnd(8)}${type.padEnd(20)}\n`,
    );
  }
  return 0;
};

/** quser.exe: who is signed in. */
export const quser: Tool = async ({ registry, machine, print, complain }) => {
  const signedIn = (await readSessions(registry)).filter(({ user }) => user !== '');
  if (signedIn.length === 0) {
    complain('No User exists for *\n');
    return 1;
  }
  print(' USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\n');
  const since = machine.bootedAt.toLocaleString('en-US', { dateStyle: 'short', timeStyle: 'short' });
  for (const { name, user, id, state } of signedIn)
    print(
      ` ${user.padEnd(22)}${name.padEnd(15)}${String(id).padStart(6)}  ${state.padEnd(7)}         .  ${since}\n`,
    );
  return 0;
};

/** query.exe: another name of the two. */
export const query: Tool = (call) => {
  const what = call.args[0]?.toLowerCase();
  if (what === 'session') return qwinsta(call);
  if (what === 'user') return quser(call);
  call.complain('Invalid parameter(s)\nQUERY { PROCESS | SESSION | TERMSERVER | USER }\n');
  return 1;
};

/** logoff.exe: ends a session, by its name or number; without one, that of the console. */
export const logoff: Tool = async (call) => {
  const asked = call.args.find((argument) => !argument.startsWith('/')) ?? 'console';
  const session = (await readSessions(call.registry)).find((one) => isCalled(one, asked));
  if (session?.name === 'console') {
    call.machine.signOut();
    return 0;
  }
  if (session?.state === 'Active') return endRemote(call, session);
  call.complain(`Session ${asked} not found\n`);
  return 1;
};

const isCalled = ({ name, id }: Session, asked: string): boolean =>
  name.toLowerCase() === asked.toLowerCase() || String(id) === asked;

async function endRemote({ registry }: ToolCall, { name }: Session): Promise<number> {
  await endRemoteSession(registry, name);
  return 0;
}
