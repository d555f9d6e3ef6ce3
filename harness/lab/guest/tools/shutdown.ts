import { type Tool, switches } from './tool.ts';

const ERROR_NO_SHUTDOWN_IN_PROGRESS = 1116;
const ERROR_SHUTDOWN_IS_SCHEDULED = 1190;
const DEFAULT_DELAY_SECONDS = 30;

const USAGE = `Usage: shutdown [/i | /l | /s | /r | /g | /a | /p | /h | /e] [/f]
    [/m \\\\computer][/t xxx][/d [p|u:]xx:yy [/c "comment"]]

    No args    Display help. This is the same as typing /?.
    /?         Display help. This is the same as not typing any options.
    /s         Shutdown the computer.
    /r         Shutdown and restart the computer.
    /a         Abort a system shutdown.
    /p         Turn off the local computer with no time-out or warning.
    /t xxx     Set the time-out period before shutdown to xxx seconds.
    /c "comment" Comment on the reason for the restart or shutdown.
    /f         Force running applications to close without forewarning users.
`;

/** shutdown.exe: takes the machine down for real. */
export const shutdown: Tool = ({ args, machine, print, complain }) => {
  const given = switches(args, ['t', 'c', 'd', 'm']);
  if (given.size === 0 || given.has('?')) {
    print(USAGE);
    return 0;
  }
  if (given.has('a')) {
    if (machine.abortShutdown()) return 0;
    complain('Unable to abort the system shutdown because no shutdown was in progress.(1116)\n');
    return ERROR_NO_SHUTDOWN_IN_PROGRESS;
  }
  const how =
    given.has('r') || given.has('g') ? 'restart' : given.has('s') || given.has('p') ? 'shutdown' : undefined;
  const delay = given.has('p') ? 0 : Number(given.get('t') ?? DEFAULT_DELAY_SECONDS);
  if (how === undefined || !Number.isInteger(delay) || delay < 0 || delay > 315360000) {
    print(USAGE);
    return 1;
  }
  if (!machine.scheduleShutdown(how, delay)) {
    complain('A system shutdown has already been scheduled.(1190)\n');
    return ERROR_SHUTDOWN_IS_SCHEDULED;
  }
  const comment = given.get('c') ?? '';
  machine.events.write({
    log: 'System',
    source: 'User32',
    id: 1074,
    message:
      `The process C:\\Windows\\system32\\shutdown.exe (${machine.computerName}) has initiated the ` +
      `${how === 'restart' ? 'restart' : 'power off'} of computer ${machine.computerName} on behalf of user ` +
      `${machine.computerName}\\vagrant for the following reason: No title for this reason could be found\n` +
      ` Reason Code: 0x800000ff\n Shut-down Type: ${how}\n Comment: ${comment}`,
  });
  return 0;
};
