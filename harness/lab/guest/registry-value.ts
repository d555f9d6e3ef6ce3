/** A value of the registry: its type number and its raw data, as Windows keeps them. */
export interface RegistryValue {
  readonly type: number;
  readonly data: Buffer;
}

export const REG_SZ = 1;
export const REG_EXPAND_SZ = 2;
export const REG_BINARY = 3;
export const REG_DWORD = 4;
const REG_LINK = 6;
const REG_MULTI_SZ = 7;

const wide = (text: string): Buffer => Buffer.from(text + '\0', 'utf16le');

export const sz = (text: string): RegistryValue => ({ type: REG_SZ, data: wide(text) });
export const expandSz = (text: string): RegistryValue => ({ type: REG_EXPAND_SZ, data: wide(text) });
/** A list of texts; an empty one ends it. */
export const multiSz = (...texts: readonly string[]): RegistryValue => ({
  type: REG_MULTI_SZ,
  data: wide(texts.map((text) => `${text}\0`).join('')),
});
export const binary = (data: Buffer): RegistryValue => ({ type: REG_BINARY, data });
export const dword = (value: number): RegistryValue => {
  const data = Buffer.alloc(4);
  data.writeUInt32LE(value >>> 0);
  return { type: REG_DWORD, data };
};
/** Where a key that is a link leads, by its full name: `\Registry\User\.Default`. */
export const link = (target: string): RegistryValue => ({
  type: REG_LINK,
  data: Buffer.from(target, 'utf16le'),
});
