/** One line of `vagrant --machine-readable`: `epoch,target,type,data...`, or any other text that Vagrant let slip. */
export type VagrantLine =
  | {
      readonly kind: 'event';
      readonly target: string;
      readonly type: string;
      readonly data: readonly string[];
    }
  | { readonly kind: 'text'; readonly text: string };

/**
 * Turns the bytes of `vagrant --machine-readable` into lines. Lenient: whatever has not the form of an event is text.
 * Vagrant does not escape backslashes, so a data field with `\n` in it may have been a Windows path: don't put any there.
 */
export class MachineReadable {
  readonly #decoder = new TextDecoder();
  #rest = '';

  /** The lines that these bytes complete. */
  feed(bytes: Uint8Array): VagrantLine[] {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.flatMap(parseLine);
  }

  /** The last line, when it was not ended. */
  end(): VagrantLine[] {
    const rest = this.#rest + this.#decoder.decode();
    this.#rest = '';
    return parseLine(rest);
  }
}

function parseLine(raw: string): VagrantLine[] {
  const line = raw.replace(/\r$/, '');
  if (line === '') return [];
  const [, target, type, data] = /^\d+,([^,]*),([^,]+)(?:,(.*))?$/s.exec(line) ?? [];
  if (target === undefined || type === undefined) return [{ kind: 'text', text: line }];
  return [{ kind: 'event', target, type, data: data === undefined ? [] : data.split(',').map(unescape) }];
}

const ESCAPES: Record<string, string> = { '%!(VAGRANT_COMMA)': ',', '\\n': '\n', '\\r': '\r' };

const unescape = (field: string): string =>
  field.replace(/%!\(VAGRANT_COMMA\)|\\n|\\r/g, (escape) => ESCAPES[escape] ?? escape);
