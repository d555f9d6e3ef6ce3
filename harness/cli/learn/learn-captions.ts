import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { resolveAccess } from '../../config/access.ts';
import { configPath, loadConfig } from '../../config/load.ts';
import { openConsole, openScreen } from '../../console/open.ts';
import type { Line } from '../../console/text.ts';
import { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { EXIT_CODE } from '../../core/exit-code.ts';
import { type Language, LANGUAGE_NAMES } from '../../core/languages.ts';
import {
  CAPTION_PAGES,
  captionKind,
  type CaptionKey,
  type CaptionPage,
} from '../../logon/screens/caption-keys.ts';
import { type CaptionFile, captionsOf, parseCaptions, readCaptions } from '../../logon/screens/captions.ts';
import { checkCaptionFiles, openCaptions } from '../../logon/screens/replaced.ts';
import { projectMachines } from '../../machines/machines.ts';
import { selectMachines } from '../../run/selection.ts';
import { answerOf, captionFile, lineAt, propose, readable } from './captions.ts';

export interface LearnCaptionsOptions {
  /** Pages that are shown, in this order. */
  readonly page: readonly string[];
  /** `logon.link=4`: instead of being asked, for one page. */
  readonly caption: readonly string[];
  readonly language?: string;
  readonly out?: string;
  readonly force: boolean;
  readonly config?: string;
}

/** What the command needs of the world. */
export interface Surroundings {
  /** Reads what the console shows now. */
  readonly look: () => Promise<readonly Line[]>;
  readonly say: (line: string) => void;
  /** Asks the person at the terminal; undefined where there is none. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** `2027-01-31` */
  readonly today: string;
  /** Files of captions that the configuration names already. */
  readonly files: readonly CaptionFile[];
}

const LONGEST_MS = 3_600_000;

/** `sspr learn captions`: writes down what a machine's console shows, page by page, as a file of captions. */
export async function learnCaptions(
  name: string,
  options: LearnCaptionsOptions,
  signal: AbortSignal,
): Promise<number> {
  const loaded = loadConfig(options.config);
  const [machine] = selectMachines(loaded.config.machines, [name]);
  const language = languageOf(options.language ?? machine?.language ?? 'en');
  const deadline = Deadline.in(LONGEST_MS, 'learning captions', signal);
  const { console: endpoint } = await projectMachines(resolveAccess(loaded)).endpoints(name, deadline);
  const console = await openConsole(endpoint, deadline.within(60_000, 'connecting to the console'), {
    mouse: 'unused',
  });
  const screen = openScreen(console, { language, record: () => undefined });
  const terminal = process.stdin.isTTY
    ? createInterface({ input: process.stdin, output: process.stdout })
    : undefined;
  try {
    return await learnFrom(name, language, options, {
      look: async () => {
        await screen.settle(deadline);
        return (await screen.read({ large: true })).lines;
      },
      say: (line) => void process.stdout.write(`${line}\n`),
      ask: terminal && ((question) => terminal.question(question, { signal })),
      today: new Date().toISOString().slice(0, 10),
      files: openCaptions(loaded.config.captions.map((file) => configPath(loaded, file))),
    });
  } finally {
    terminal?.close();
    await screen.close();
  }
}

/**
 * Page by page: lists what is read there, has each caption named, and writes them all.
 * @throws Fault `captions-there`, `no-page`, `caption-not-there`, `captions-invalid`, `captions-elsewhere`
 */
export async function learnFrom(
  machine: string,
  language: Language,
  { page: wanted, caption: given, out = `captions-${language}.yaml`, force }: LearnCaptionsOptions,
  { look, say, ask, today, files }: Surroundings,
): Promise<number> {
  const pages = pagesOf(wanted, given, ask !== undefined);
  const writes = ask !== undefined || given.length > 0;
  const before = writes ? fileBefore(out, language, force) : undefined;
  const captions = captionsOf(language, files);
  const learnt = new Map<CaptionKey, readonly string[]>();
  for (const page of pages) {
    if (
      ask &&
      wanted.length !== 1 &&
      (await ask(`Show ${CAPTION_PAGES[page]}, then press Enter (s: skip) `)) === 's'
    )
      continue;
    const lines = await look();
    const texts = readable(lines);
    say(`${page}: ${CAPTION_PAGES[page]}`);
    texts.forEach((text, index) => say(`  ${index + 1}  ${text}`));
    const answers = new Map(given.map((one) => answerOf(one, page)));
    for (const { key, line, isKnown } of propose(page, lines, captions)) {
      const proposed = line === undefined ? '0' : String(line + 1);
      const question = `${key} (${captionKind(key).what})${isKnown ? ', known already' : ''}`;
      if (!ask && !answers.has(key)) {
        say(`${question}: ${line === undefined ? 'none is like it' : `probably line ${proposed}`}`);
        continue;
      }
      const named =
        answers.get(key) ??
        (given.length > 0 ? '0' : await ask?.(`${question}: line [${proposed}], 0 for none: `));
      const answer = named === undefined || named === '' ? proposed : named;
      const text = lineAt(key, answer, texts);
      if (text !== undefined) learnt.set(key, [text]);
    }
  }
  if (learnt.size === 0) {
    say('Nothing was named, so nothing is written; --caption KEY=LINE names one.');
    return EXIT_CODE.compliant;
  }
  refuseElsewhere([...learnt.keys()], out, files);
  const text = captionFile(language, learnt, `${machine}, ${today}`, before?.captions);
  // What a run would refuse is not written.
  checkCaptionFiles([parseCaptions(text, out)]);
  writeFileSync(out, text, { flag: force ? 'w' : 'wx' });
  say(`${learnt.size} written to ${out}; name it in the configuration: captions: [${out}]`);
  return EXIT_CODE.compliant;
}

/** A key has one file: a run would refuse it in a second one. */
function refuseElsewhere(keys: readonly CaptionKey[], out: string, files: readonly CaptionFile[]): void {
  for (const { name, captions } of files.filter((file) => resolve(file.name) !== resolve(out))) {
    const key = keys.find((one) => captions[one] !== undefined);
    if (key === undefined) continue;
    throw new Fault(`${key} stands in ${name} already, which the configuration names`, {
      code: 'captions-elsewhere',
      blame: 'config',
      remedy: `Change it there: --out ${name} --force.`,
    });
  }
}

const isPage = (name: string): name is CaptionPage => Object.hasOwn(CAPTION_PAGES, name);

function pagesOf(named: readonly string[], given: readonly string[], isAsked: boolean): CaptionPage[] {
  const all = Object.keys(CAPTION_PAGES).filter(isPage);
  const pages = named.filter(isPage);
  const unknown = named.find((name) => !isPage(name));
  const expected = all.join(', ');
  if (unknown !== undefined) throw noPage(`--page: found ${unknown}; expected one of ${expected}`);
  if (given.length > 0 && pages.length !== 1) throw noPage('--caption: expected with exactly one --page');
  if (pages.length === 0 && !isAsked)
    throw noPage(`--page: expected, where no terminal is; one of ${expected}`);
  return pages.length > 0 ? pages : all;
}

const noPage = (message: string): Fault =>
  new Fault(message, { code: 'no-page', blame: 'config', remedy: 'Name the page that the console shows.' });

function fileBefore(out: string, language: Language, force: boolean): CaptionFile | undefined {
  if (!existsSync(out)) return undefined;
  const refusal = (message: string, remedy: string): Fault =>
    new Fault(message, { code: 'captions-there', blame: 'config', remedy });
  if (!force)
    throw refusal(
      `${out} is there already`,
      'Name another file after --out, or let --force replace the keys that are learnt now.',
    );
  const file = readCaptions(out);
  if (file.language === language) return file;
  throw refusal(
    `${out} is of language ${file.language}; expected ${language}`,
    'Name another file after --out: one file has one language.',
  );
}

function languageOf(name: string): Language {
  const language = LANGUAGE_NAMES.find((one) => one === name);
  if (language) return language;
  throw new Fault(`--language: found ${name}; expected one of ${LANGUAGE_NAMES.join(', ')}`, {
    code: 'no-language',
    blame: 'config',
    remedy: 'Name the language of the machine as the configuration would.',
  });
}
