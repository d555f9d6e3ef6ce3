import { WINE_NET, WINE_SC } from '../disk.ts';
import type { Tool, ToolCall } from './tool.ts';

/*
 * net.exe and sc.exe. Wine has services and its own programs to start and stop them, but remote management is the lab's:
 * of that service alone these speak.
 */

const NAME = 'winrm';
const DISPLAY_NAME = 'Windows Remote Management (WS-Management)';

const isWinrm = (name: string | undefined): boolean =>
  [NAME, DISPLAY_NAME.toLowerCase()].includes(name?.toLowerCase() ?? '');

/** net.exe, of which `net start winrm` and `net stop winrm` are the lab's. */
export const net: Tool = (call) => {
  const [verb = '', name] = call.args;
  if (!isWinrm(name) || !/^(start|stop)$/i.test(verb)) return call.run(WINE_NET, `net ${call.rawArguments}`);
  const [to, doing, done] =
    verb.toLowerCase() === 'start'
      ? (['start', 'starting', 'started'] as const)
      : (['stop', 'stopping', 'stopped'] as const);
  if (call.machine.switchWinrm(to)) {
    call.print(
      `The ${DISPLAY_NAME} service is ${doing}.\nThe ${DISPLAY_NAME} service was ${done} successfully.\n\n`,
    );
    return 0;
  }
  const [why, help] =
    to === 'start'
      ? ['The requested service has already been started.', 2182]
      : [`The ${DISPLAY_NAME} service is not started.`, 3521];
  call.complain(`${why}\n\nMore help is available by typing NET HELPMSG ${help}.\n\n`);
  return 2;
};

/** sc.exe, of which `query`, `start` and `stop` of winrm are the lab's. */
export const sc: Tool = (call) => {
  const [verb = '', name] = call.args;
  const work = isWinrm(name) ? VERBS[verb.toLowerCase()] : undefined;
  return work?.(call) ?? call.run(WINE_SC, `sc ${call.rawArguments}`);
};

const ERROR_SERVICE_ALREADY_RUNNING = 1056;
const ERROR_SERVICE_NOT_ACTIVE = 1062;

const VERBS: Readonly<Record<string, (call: ToolCall) => number>> = {
  query: (call) => showState(call, call.machine.winrmRunning ? 'running' : 'stopped'),
  start: (call) =>
    call.machine.switchWinrm('start')
      ? showState(call, 'starting')
      : refuse(
          call,
          'StartService',
          ERROR_SERVICE_ALREADY_RUNNING,
          'An instance of the service is already running.',
        ),
  stop: (call) =>
    call.machine.switchWinrm('stop')
      ? showState(call, 'stopping')
      : refuse(call, 'ControlService', ERROR_SERVICE_NOT_ACTIVE, 'The service has not been started.'),
};

const STATES = {
  stopped: ['1  STOPPED', '(NOT_STOPPABLE, NOT_PAUSABLE, IGNORES_SHUTDOWN)'],
  starting: ['2  START_PENDING', '(NOT_STOPPABLE, NOT_PAUSABLE, IGNORES_SHUTDOWN)'],
  stopping: ['3  STOP_PENDING', '(NOT_STOPPABLE, NOT_PAUSABLE, IGNORES_SHUTDOWN)'],
  running: ['4  RUNNING', '(STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)'],
} as const;

function showState({ print }: ToolCall, state: keyof typeof STATES): number {
  const [text, accepts] = STATES[state];
  const rows = [
    ['TYPE', '20  WIN32_SHARE_PROCESS'],
    ['STATE', `${text}\n${' '.repeat(32)}${accepts}`],
    ['WIN32_EXIT_CODE', '0  (0x0)'],
    ['SERVICE_EXIT_CODE', '0  (0x0)'],
    ['CHECKPOINT', '0x0'],
    ['WAIT_HINT', '0x0'],
  ].map(([label = '', value = '']) => `${' '.repeat(8)}${label.padEnd(19)}: ${value}\n`);
  print(`\nSERVICE_NAME: ${NAME} \n${rows.join('')}`);
  return 0;
}

function refuse({ print }: ToolCall, what: string, code: number, text: string): number {
  print(`[SC] ${what} FAILED ${code}:\n\n${text}\n\n`);
  return code;
}
