import { existsSync, readFileSync } from 'node:fs';
import type { Tool, ToolCall } from './tool.ts';

/**
 * findstr.exe: the lines of files, or of its input, that have one of some texts in them. Wine's own reads nothing.
 * Lines go through as they came, byte for byte. Source: `findstr /?`.
 */
export const findstr: Tool = async (call) => {
  const asked = readArguments(call.args);
  if (asked === undefined) {
    call.complain('FINDSTR: Bad command line\n');
    return 2;
  }
  const found = new Lines(asked);
  if (asked.files.length === 0) {
    for (let bytes = await call.readInput(); bytes.length > 0; bytes = await call.readInput())
      call.printBytes(found.in(bytes.toString('latin1')));
    call.printBytes(found.rest());
  }
  for (const file of asked.files) {
    const text = readText(call, file);
    if (text === undefined) call.complain(`FINDSTR: Cannot open ${file}\n`);
    else
      call.printBytes(Buffer.concat([found.in(text, prefix(asked, file)), found.rest(prefix(asked, file))]));
  }
  return found.any ? 0 : 1;
};

interface Asked {
  readonly pattern: RegExp;
  readonly inverted: boolean;
  readonly numbered: boolean;
  readonly files: readonly string[];
}

const prefix = ({ files }: Asked, file: string): string => (files.length > 1 ? `${file}:` : '');

function readText({ machine, folder }: ToolCall, file: string): string | undefined {
  const path = machine.disk.path(file, folder);
  return existsSync(path) ? readFileSync(path, 'latin1') : undefined;
}

const FLAGS = 'BELRINVX';

/** undefined when there is nothing to look for, or a switch is not understood. */
function readArguments(args: readonly string[]): Asked | undefined {
  const flags = new Set<string>();
  const texts: string[] = [];
  const words: string[] = [];
  for (const arg of args) {
    const [, text] = /^\/c:(.+)$/is.exec(arg) ?? [];
    const letters = /^(?:\/[a-z])+$|^\/[a-z]+$/i.test(arg)
      ? Array.from(arg.toUpperCase().replaceAll('/', ''))
      : [];
    if (text !== undefined) texts.push(text);
    else if (!arg.startsWith('/')) words.push(arg);
    else if (letters.length > 0 && letters.every((letter) => FLAGS.includes(letter)))
      for (const letter of letters) flags.add(letter);
    else return undefined;
  }
  // Without /C the first word is a list of texts.
  const wanted = texts.length > 0 ? texts : (words.shift() ?? '').split(' ').filter((text) => text !== '');
  if (wanted.length === 0) return undefined;
  // A text after /C is literal unless /R says otherwise.
  const literal = flags.has('L') || (texts.length > 0 && !flags.has('R'));
  const sources = wanted.map((text) => (literal ? escape(text) : expression(text)));
  const [from, to] = [
    flags.has('B') || flags.has('X') ? '^' : '',
    flags.has('E') || flags.has('X') ? '$' : '',
  ];
  return {
    pattern: new RegExp(`${from}(?:${sources.join('|')})${to}`, flags.has('I') ? 'i' : ''),
    inverted: flags.has('V'),
    numbered: flags.has('N'),
    files: words,
  };
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** findstr knows `.`, `*`, `^`, `$`, classes, `\x`, and `\<` and `\>` for the ends of a word. */
const expression = (text: string): string =>
  text.replace(/\\[<>]|\\.|\[\^?[^\]]*\]|[+?{}()|]/g, (part) =>
    part === '\\<' || part === '\\>' ? '\\b' : part.startsWith('[') ? part : escape(part.replace(/^\\/, '')),
  );

/** Cuts text, which comes in pieces, into lines and keeps those that are asked for. */
class Lines {
  any = false;
  #rest = '';
  #number = 0;

  constructor(private readonly asked: Asked) {}

  in(text: string, before = ''): Buffer {
    const lines = (this.#rest + text).split(/(?<=\n)/);
    this.#rest = lines.at(-1)?.endsWith('\n') === false ? (lines.pop() ?? '') : '';
    return this.#matching(lines, before);
  }

  /** A last line without an end. */
  rest(before = ''): Buffer {
    const last = this.#rest;
    this.#rest = '';
    return this.#matching(last === '' ? [] : [`${last}\r\n`], before);
  }

  #matching(lines: readonly string[], before: string): Buffer {
    const { pattern, inverted, numbered } = this.asked;
    const found = lines
      .map((line) => ({ line, number: ++this.#number }))
      .filter(({ line }) => pattern.test(line.replace(/\r?\n$/, '')) !== inverted)
      .map(({ line, number }) => before + (numbered ? `${number}:` : '') + line);
    this.any ||= found.length > 0;
    return Buffer.from(found.join(''), 'latin1');
  }
}
