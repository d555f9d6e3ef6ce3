// The built-ins of ECMAScript 3, which is what JScript 5.8 under cscript has: no JSON, no Object.keys, no trim, no
// Array.prototype.indexOf, no "abc"[0]. What is not declared here does not type-check, so it cannot be used by mistake.

interface Object {
  hasOwnProperty(name: string): boolean;
  toString(): string;
}
declare const Object: { readonly prototype: Object };

interface Function {
  apply(self: unknown, values: unknown): unknown;
  call(self: unknown, ...values: unknown[]): unknown;
}
interface CallableFunction extends Function {}
interface NewableFunction extends Function {}
interface IArguments {
  readonly length: number;
  readonly [index: number]: unknown;
}

interface String {
  readonly length: number;
  charAt(at: number): string;
  charCodeAt(at: number): number;
  indexOf(text: string, from?: number): number;
  lastIndexOf(text: string, from?: number): number;
  replace(pattern: RegExp | string, by: string | ((found: string) => string)): string;
  slice(from: number, to?: number): string;
  split(by: string | RegExp): string[];
  substring(from: number, to?: number): string;
  toLowerCase(): string;
  toUpperCase(): string;
}
declare function String(value: unknown): string;

interface Number {
  toString(radix?: number): string;
}
declare function Number(value: unknown): number;
interface Boolean {}

interface Array<T> {
  length: number;
  [index: number]: T;
  concat(other: readonly T[]): T[];
  join(by: string): string;
  push(...values: T[]): number;
  slice(from?: number, to?: number): T[];
}
interface ReadonlyArray<T> {
  readonly length: number;
  readonly [index: number]: T;
  join(by: string): string;
  slice(from?: number, to?: number): T[];
}

interface RegExp {
  exec(text: string): RegExpExecArray | null;
  test(text: string): boolean;
}
interface RegExpExecArray extends Array<string> {
  index: number;
}

interface Date {
  getTime(): number;
  getUTCFullYear(): number;
  getUTCMonth(): number;
  getUTCDate(): number;
  getUTCHours(): number;
  getUTCMinutes(): number;
  getUTCSeconds(): number;
  getUTCMilliseconds(): number;
}
declare const Date: {
  new (ms?: number): Date;
  UTC(
    year: number,
    month: number,
    day: number,
    hour: number,
    minute: number,
    second: number,
    ms: number,
  ): number;
};

interface Error {
  readonly message: string;
}
declare const Error: { new (message: string): Error };

declare function isFinite(value: number): boolean;
declare function isNaN(value: number): boolean;
declare function parseInt(text: string, radix: number): number;

type Record<Key extends string, Value> = { [Name in Key]: Value };
type Readonly<T> = { readonly [Name in keyof T]: T[Name] };
type Partial<T> = { [Name in keyof T]?: T[Name] };
type Pick<T, Key extends keyof T> = { [Name in Key]: T[Name] };
type Exclude<T, Out> = T extends Out ? never : T;
type Extract<T, In> = T extends In ? T : never;
type Omit<T, Key> = Pick<T, Exclude<keyof T, Key>>;
type ReturnType<T> = T extends (...values: never[]) => infer Result ? Result : never;
