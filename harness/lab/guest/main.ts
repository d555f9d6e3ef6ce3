import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { utcNow } from '../../core/clock.ts';
import { describe } from '../../core/errors.ts';
import { LANGUAGE_NAMES, type Language } from '../../core/languages.ts';
import { redact } from '../../core/secret.ts';
import { readLabState } from '../../config/lab-state.ts';
import { startDesktop } from '../desktop/desktop.ts';
import { LabMachine, readState } from './lab-machine.ts';
import { prepareGuestFiles } from './prepare.ts';
import { type ProfileName, isProfileName } from './profile.ts';

/*
 * The process of one lab guest, as Vagrant's lab provider starts it:
 *   main.ts --data DIR --token T --name win7 --profile win7 --language sv
 * It ends when it is told to (SIGTERM), when the machine switches itself off, and when guest.json is gone or is
 * another's.
 */

const WATCH_EVERY_MS = 400;
const CUT_MS = 500;

const log = (text: string): void => console.log(`${utcNow()} ${redact(text)}`);

const { data, token, name, profile, language } = readArguments();
mkdirSync(data, { recursive: true });
const files = await prepareGuestFiles(log);

let machine: LabMachine | undefined;
let stopAsked = false;
const starting = LabMachine.start({
  data,
  token,
  name,
  profile,
  language,
  files,
  lab: () => readLabState(),
  startDesktop,
  log,
  onPoweredOff: () => exit(0, 'switched itself off'),
});

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
setInterval(watch, WATCH_EVERY_MS);
process.on('uncaughtException', (error) => void pullThePlug(`failed: ${describe(error)}`, 1));
process.on('unhandledRejection', (error) => void pullThePlug(`failed: ${describe(error)}`, 1));

try {
  machine = await starting;
  log(`${name} is running`);
} catch (error) {
  exit(1, `could not start: ${describe(error)}`);
}

function stop(): void {
  if (stopAsked) return;
  stopAsked = true;
  starting
    .then((started) => started.stop())
    .then(() => exit(0, 'shut down'))
    .catch((error: unknown) => exit(1, `failed to shut down: ${describe(error)}`));
}

/** Ends the machine when its folder is gone, or another process has taken it over. */
function watch(): void {
  try {
    if (readState(data).token === token) return;
  } catch {
    // gone
  }
  void pullThePlug('its guest.json is gone or is another', 3);
}

async function pullThePlug(why: string, code: number): Promise<void> {
  setTimeout(() => exit(code, why), CUT_MS);
  await machine?.cut().catch((error: unknown) => log(describe(error)));
  exit(code, why);
}

function exit(code: number, why: string): never {
  log(`${name}: ${why}`);
  process.exit(code);
}

interface Arguments {
  readonly data: string;
  readonly token: string;
  readonly name: string;
  readonly profile: ProfileName;
  readonly language: Language;
}

function readArguments(): Arguments {
  const options = {
    data: text(),
    token: text(),
    name: text(),
    profile: text(),
    language: { type: 'string', default: 'en' },
  } as const;
  const { data, token, name, profile = '', language } = parseArgs({ options }).values;
  if (
    data === undefined ||
    token === undefined ||
    name === undefined ||
    !isProfileName(profile) ||
    !isLanguage(language)
  ) {
    console.error(
      `usage: main.ts --data DIR --token TOKEN --name NAME --profile win7|win8|win81 --language ${LANGUAGE_NAMES.join('|')}`,
    );
    process.exit(2);
  }
  return { data, token, name, profile, language };
}

function isLanguage(name: string): name is Language {
  return LANGUAGE_NAMES.some((one) => one === name);
}

function text(): { type: 'string' } {
  return { type: 'string' };
}
