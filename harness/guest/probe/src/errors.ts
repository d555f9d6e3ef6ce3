/** What JScript throws when a COM call fails. */
interface ComError {
  readonly number?: number;
  readonly message?: string;
}

/** HRESULT of "there is no such file, key or value". */
export const NOT_FOUND = '0x80070002';

/** HRESULTs of "there is no such resource in the file": of no data at all, of that type, of that name. */
export const NO_RESOURCE = ['0x80070714', '0x80070715', '0x80070716'];

/** HRESULT of "not implemented". */
export const NOT_IMPLEMENTED = '0x80004001';

/** The number of an error as Windows writes it: `0x80070002`; '' when it has none. */
export function errorNumber(error: unknown): string {
  const number = (error as ComError).number;
  return typeof number === 'number' ? hex(number) : '';
}

/** An error in words, for a person. */
export function describe(error: unknown): string {
  const message = (error as ComError).message || String(error);
  const number = errorNumber(error);
  return number === '' ? message : message + ' (' + number + ')';
}

export const hex = (number: number): string => '0x' + ('0000000' + (number >>> 0).toString(16)).slice(-8);
