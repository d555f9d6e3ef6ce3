import { type Level, logNamed } from '../event-log.ts';
import { type Tool, switches } from './tool.ts';

const LEVELS: Readonly<Record<string, Level>> = {
  ERROR: 'Error',
  WARNING: 'Warning',
  INFORMATION: 'Information',
  SUCCESS: 'Information',
};

/** eventcreate.exe: writes an event of one's own. */
export const eventcreate: Tool = ({ args, machine, print, complain }) => {
  const given = switches(args, ['l', 't', 'so', 'id', 'd']);
  const name = given.get('l') ?? 'Application';
  const log = logNamed(name);
  const type = (given.get('t') ?? '').toUpperCase();
  const level = LEVELS[type];
  const id = Number(given.get('id') ?? NaN);
  const source = given.get('so') ?? 'EventCreate';
  const problem =
    !log || log === 'Security'
      ? `ERROR: The "${name}" log does not exist. Cannot create the event.`
      : !level
        ? 'ERROR: Invalid syntax. /T option is not specified or not valid.'
        : !Number.isInteger(id) || id < 1 || id > 1000
          ? 'ERROR: Invalid value for /ID: event ids are between 1 and 1000.'
          : !given.has('d')
            ? 'ERROR: Invalid syntax. /D option is not specified.'
            : undefined;
  if (problem !== undefined || !log || !level) {
    complain(`${problem ?? ''}\nType "EVENTCREATE /?" for usage.\n`);
    return 1;
  }
  machine.events.write({ log, source, id, level, message: given.get('d') ?? '' });
  print(
    `\nSUCCESS: An event of type '${type}' was created in the '${name}' log with '${source}' as the source.\n`,
  );
  return 0;
};
