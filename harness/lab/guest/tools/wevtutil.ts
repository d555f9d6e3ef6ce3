import { CAPI2_LOG, LOGS, type LogName, type LoggedEvent, logNamed } from '../event-log.ts';
import { dword } from '../registry-value.ts';
import { escapeXml as escape } from '../xml.ts';
import { type EventTest, QueryError, compileQuery, levelNumber } from './event-query.ts';
import { type Tool, type ToolCall, switches } from './tool.ts';

const ERROR_EVT_INVALID_QUERY = 15001;
const ERROR_EVT_CHANNEL_NOT_FOUND = 15007;
const ERROR_INVALID_PARAMETER = 87;

const USAGE = `Windows Events Command Line Utility.

Enables you to retrieve information about event logs and publishers, install
and uninstall event manifests, run queries, and export, archive, and clear logs.

Usage:

You can use either the short (for example, ep /uni) or long (for example,
enum-publishers /unicode) version of the command and option names. Commands,
options and option values are not case-sensitive.

wevtutil COMMAND [ARGUMENT [ARGUMENT] ...] [/OPTION:VALUE [/OPTION:VALUE] ...]

Commands:

el | enum-logs          List log names.
gl | get-log            Get log configuration information.
sl | set-log            Modify configuration of a log.
cl | clear-log          Clear a log.
qe | query-events       Query events from a log or log file.
`;

/** wevtutil.exe on the lab's event logs. */
export const wevtutil: Tool = async (call) => {
  const [command = '', log = ''] = call.args;
  const action = ACTIONS[command.toLowerCase()];
  await call.machine.settleEvents();
  if (action) return action(call, log);
  call.print(USAGE);
  return command === '' || command === '/?' ? 0 : ERROR_INVALID_PARAMETER;
};

type Action = (call: ToolCall, log: string) => number | Promise<number>;

const enumLogs: Action = ({ print }) => {
  print(LOGS.join('\n') + '\n');
  return 0;
};

const clearLog: Action = ({ machine, complain }, name) => {
  const log = logNamed(name);
  if (!log) return noChannel(complain, `Failed to clear log ${name}.`);
  machine.events.clear(log);
  machine.events.write({
    log: 'System',
    source: 'Microsoft-Windows-Eventlog',
    id: 104,
    message: `The ${log} log file was cleared.`,
  });
  return 0;
};

const getLog: Action = async ({ registry, print, complain }, name) => {
  const log = logNamed(name);
  if (!log) return noChannel(complain, 'Failed to read configuration for log.');
  print(`name: ${log}
enabled: ${String(await isEnabled(registry, log))}
type: ${log === CAPI2_LOG ? 'Operational' : 'Admin'}
owningPublisher:
isolation: ${log}
logging:
  logFileName: %SystemRoot%\\System32\\Winevt\\Logs\\${log.replace('/', '%4')}.evtx
  retention: false
  autoBackup: false
  maxSize: 20971520
publishing:
  fileMax: 1
`);
  return 0;
};

const setLog: Action = async ({ args, registry, complain }, name) => {
  const log = logNamed(name);
  if (!log) return noChannel(complain, 'Failed to save configuration or activate log ' + name + '.');
  const options = switches(args.slice(2), []);
  const enabled = (options.get('e') ?? options.get('enabled') ?? '').toLowerCase();
  // The classic logs are always on.
  if (log !== CAPI2_LOG || !['true', 'false'].includes(enabled)) return ERROR_INVALID_PARAMETER;
  await registry.set(channelKey(log), 'Enabled', dword(enabled === 'true' ? 1 : 0));
  return 0;
};

const channelKey = (log: LogName): string =>
  `HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\${log}`;

/** Whether Windows writes into that log: always into the classic ones, into others when they are enabled. */
export const isEnabled = async (registry: ToolCall['registry'], log: LogName): Promise<boolean> =>
  log !== CAPI2_LOG || (await registry.dword(channelKey(log), 'Enabled')) === 1;

const queryEvents: Action = ({ args, machine, print, complain }, name) => {
  const options = switches(args.slice(2), []);
  const option = (...names: string[]): string | undefined =>
    names.map((one) => options.get(one)).find((value) => value !== undefined);
  const log = logNamed(name);
  if (!log) return noChannel(complain, 'Failed to read events.');
  let wanted: EventTest;
  try {
    wanted = compileQuery(option('q', 'query') ?? '*');
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    complain('Failed to read events. The specified query is invalid.\n');
    return ERROR_EVT_INVALID_QUERY;
  }
  const found = machine.events.read(log).filter(wanted);
  if (/^true$/i.test(option('rd', 'reversedirection') ?? '')) found.reverse();
  const format = FORMATS[(option('f', 'format') ?? 'xml').toLowerCase()] ?? asXml;
  print(
    found
      .slice(0, Number(option('c', 'count') ?? found.length))
      .map(format)
      .join(''),
  );
  return 0;
};

function noChannel(complain: (text: string) => void, what: string): number {
  complain(`${what} The specified channel could not be found. Check channel configuration.\n`);
  return ERROR_EVT_CHANNEL_NOT_FOUND;
}

const asText = (event: LoggedEvent, index: number): string => `Event[${index}]:
  Log Name: ${event.log}
  Source: ${event.source}
  Date: ${event.at.replace('Z', '')}
  Event ID: ${event.id}
  Task: N/A
  Level: ${event.level}
  Opcode: N/A
  Keyword: Classic
  User: N/A
  User Name: N/A
  Computer: ${event.computer}
  Description:
${event.message}

`;

const asXml = (event: LoggedEvent): string =>
  `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>` +
  `<Provider Name='${escape(event.source)}'/><EventID Qualifiers='0'>${event.id}</EventID>` +
  `<Level>${levelNumber(event)}</Level><Task>0</Task><Keywords>0x80000000000000</Keywords>` +
  `<TimeCreated SystemTime='${event.at.replace('Z', '000000Z')}'/><EventRecordID>${event.record}</EventRecordID>` +
  `<Channel>${event.log}</Channel><Computer>${escape(event.computer)}</Computer><Security/></System>` +
  `${event.data ?? `<EventData><Data>${escape(event.message)}</Data></EventData>`}</Event>\n`;

const asRenderedXml = (event: LoggedEvent): string =>
  asXml(event).replace(
    '</Event>\n',
    `<RenderingInfo Culture='en-US'><Message>${escape(event.message)}</Message>` +
      `<Level>${event.level}</Level></RenderingInfo></Event>\n`,
  );

const FORMATS: Readonly<Record<string, (event: LoggedEvent, index: number) => string>> = {
  text: asText,
  xml: asXml,
  renderedxml: asRenderedXml,
};

const ACTIONS: Readonly<Record<string, Action>> = {
  el: enumLogs,
  'enum-logs': enumLogs,
  cl: clearLog,
  'clear-log': clearLog,
  gl: getLog,
  'get-log': getLog,
  sl: setLog,
  'set-log': setLog,
  qe: queryEvents,
  'query-events': queryEvents,
};
