import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openConsole, openScreen } from '../console/open.ts';
import type { Picture } from '../console/recording.ts';
import { summary, type Screen } from '../console/screen.ts';
import { similar } from '../console/text/match.ts';
import { textOf } from '../console/text.ts';
import type { Deadline } from '../core/deadline.ts';
import type { ConsoleEndpoint, VncEndpoint } from '../core/endpoints.ts';
import { Fault } from '../core/errors.ts';
import { poll } from '../core/poll.ts';
import type { Secret } from '../core/secret.ts';
import { USER } from './box/box.ts';
import { WORDS } from './box/words.ts';

/** Milliseconds between two looks at a screen that is about to change. */
const LOOK_MS = 300;

/** A misread letter does not make another word of one of these. */
const ALIKE = 0.8;

/** Where the pictures go, numbered in order. */
export class Evidence {
  #count = 0;

  constructor(readonly folder: string) {}

  keep({ caption, png }: Picture): void {
    const number = String(++this.#count).padStart(2, '0');
    const words = caption.toLowerCase().match(/[a-z]+/g) ?? [];
    writeFileSync(join(this.folder, `${number}-${words.join('-').slice(0, 60)}.png`), png);
  }
}

/** Does something at the console of a machine, as a person in front of it would. */
export async function atConsole<T>(
  endpoint: ConsoleEndpoint,
  evidence: Evidence,
  deadline: Deadline,
  work: (screen: Screen) => Promise<T>,
): Promise<T> {
  const console = await openConsole(vnc(endpoint), deadline);
  const screen = openScreen(console, { language: 'en', record: (picture) => evidence.keep(picture) });
  try {
    return await work(screen);
  } finally {
    await screen.close();
  }
}

/** @throws Fault `console-missing` */
export function vnc(endpoint: ConsoleEndpoint): VncEndpoint {
  if (endpoint.kind === 'vnc') return endpoint;
  throw new Fault(`The console of a libvirt machine is ${endpoint.kind}, not VNC`, {
    code: 'console-missing',
    blame: 'harness',
    remedy: 'Compare harness/machines/machines.ts with the Vagrantfile in harness/vm.',
  });
}

/** Logs in, and waits for the board that the machine shows then. */
export async function logIn(screen: Screen, password: Secret, deadline: Deadline): Promise<void> {
  await see(screen, 'tiny login:', deadline);
  await enter(screen, USER, deadline);
  await see(screen, 'Password:', deadline);
  await enter(screen, password, deadline);
  await see(screen, 'This boot is called', deadline);
}

export async function see(screen: Screen, text: string, deadline: Deadline): Promise<void> {
  await screen.waitFor({ it: { texts: [text] } }, deadline);
}

/** Types a line. */
export async function enter(screen: Screen, line: string | Secret, deadline: Deadline): Promise<void> {
  await screen.type(line, { what: 'a line' }, deadline);
  await screen.press('Enter', deadline);
}

/**
 * The five words that stand on the screen for this boot, or for a text (see box/words.ts).
 * @throws Fault `timed-out` with what was read in their place
 */
export function fiveWords(screen: Screen, deadline: Deadline): Promise<string> {
  return poll(
    async () => {
      await screen.settle(deadline);
      const { lines } = await screen.read({ large: true });
      const read = lines.flatMap((line) => textOf(line).match(/[A-Za-z]+/g) ?? []);
      const five = read.flatMap(
        (word) => WORDS.find((known) => similar(known, word.toLowerCase()) >= ALIKE) ?? [],
      );
      return five.length === 5
        ? { done: true, value: five.join(' ') }
        : { done: false, seen: summary(lines) };
    },
    { deadline, everyMs: LOOK_MS },
  );
}
