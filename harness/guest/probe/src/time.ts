/** ISO 8601 in UTC with milliseconds. */
export function toIso(time: Date): string {
  return (
    pad(time.getUTCFullYear(), 4) +
    ('-' + pad(time.getUTCMonth() + 1, 2) + '-' + pad(time.getUTCDate(), 2)) +
    ('T' +
      pad(time.getUTCHours(), 2) +
      ':' +
      pad(time.getUTCMinutes(), 2) +
      ':' +
      pad(time.getUTCSeconds(), 2)) +
    ('.' + pad(time.getUTCMilliseconds(), 3) + 'Z')
  );
}

/** A CIM date-time, `20261121034803.787000+060`: local time and its offset from UTC in minutes. */
export function fromCim(text: string): Date {
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{3})\d{3}([+-]\d{3})$/.exec(text);
  if (found === null) throw new Error('not a CIM date-time: ' + text);
  const field = (at: number): number => parseInt(found[at] as string, 10);
  return new Date(
    Date.UTC(field(1), field(2) - 1, field(3), field(4), field(5) - field(8), field(6), field(7)),
  );
}

const pad = (number: number, digits: number): string => ('000' + number).slice(-digits);
