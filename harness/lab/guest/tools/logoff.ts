import type { Tool } from './tool.ts';

const CONSOLE = ['console', '1'];

/** logoff.exe: ends the session at the console, by its name or number. */
export const logoff: Tool = ({ args, machine, complain }) => {
  const session = args.find((argument) => !argument.startsWith('/'))?.toLowerCase();
  if (session === undefined || CONSOLE.includes(session)) {
    machine.signOut();
    return 0;
  }
  complain(`Session ${session} not found\n`);
  return 1;
};
