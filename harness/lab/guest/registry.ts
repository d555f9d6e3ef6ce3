import { REG_DWORD, REG_EXPAND_SZ, REG_SZ, type RegistryValue } from './registry-value.ts';
import { type Helper, readWideStrings, u32, wideStrings } from './wire.ts';

const ERROR_FILE_NOT_FOUND = 2;

/**
 * The running guest's registry, in its 64-bit view, through a helper in the guest (about a millisecond a call).
 * Keys are named `HKLM\SOFTWARE\...`; a value's name '' is the key's default value.
 */
export class Registry {
  readonly #helper: Helper;

  constructor(helper: Helper) {
    this.#helper = helper;
  }

  /** The value, or undefined when it or its key is not there. */
  async value(key: string, name: string): Promise<RegistryValue | undefined> {
    const reply = await this.#helper.request('Q', wideStrings(key, name));
    const status = reply.readUInt32LE(0);
    if (status === ERROR_FILE_NOT_FOUND) return undefined;
    check(status, `reading ${key}`);
    return { type: reply.readUInt32LE(4), data: reply.subarray(8) };
  }

  async dword(key: string, name: string): Promise<number | undefined> {
    const value = await this.value(key, name);
    return value?.type === REG_DWORD && value.data.length >= 4 ? value.data.readUInt32LE(0) : undefined;
  }

  async string(key: string, name: string): Promise<string | undefined> {
    const value = await this.value(key, name);
    if (value?.type !== REG_SZ && value?.type !== REG_EXPAND_SZ) return undefined;
    return value.data.toString('utf16le').replace(/\0.*$/s, '');
  }

  /** Names of the keys right below a key; none when the key is not there. */
  async subkeys(key: string): Promise<string[]> {
    const reply = await this.#helper.request('K', wideStrings(key));
    const status = reply.readUInt32LE(0);
    if (status === ERROR_FILE_NOT_FOUND) return [];
    check(status, `listing ${key}`);
    return readWideStrings(reply.subarray(4));
  }

  /** Sets a value; makes the key when it is not there. */
  async set(key: string, name: string, { type, data }: RegistryValue): Promise<void> {
    const reply = await this.#helper.request('S', Buffer.concat([wideStrings(key, name), u32(type), data]));
    check(reply.readUInt32LE(0), `writing ${key}`);
  }

  /** Deletes a key with everything below it; content when it is not there. */
  async deleteKey(key: string): Promise<void> {
    const reply = await this.#helper.request('D', wideStrings(key));
    const status = reply.readUInt32LE(0);
    if (status !== ERROR_FILE_NOT_FOUND) check(status, `deleting ${key}`);
  }
}

function check(status: number, doing: string): void {
  if (status !== 0) throw new Error(`The guest's registry gave error ${status} when ${doing}`);
}
