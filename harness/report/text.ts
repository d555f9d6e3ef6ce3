/**
 * Text from machines and servers, made safe to show: without control characters (line ends and tabs stay), without
 * marks that reverse the reading direction, without code points that XML forbids.
 */
export const plain = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(
      /[^\P{Cc}\n\t]|[\p{Cs}\p{Noncharacter_Code_Point}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
      '',
    );

/** The same on one line. */
export const oneLine = (text: string): string => plain(text).replace(/\s+/g, ' ').trim();

/** A JSON value as text: strings as they are, all else as JSON. */
export const valueText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value, null, 2);

/** `850 ms`, `12.4 s`, `3 min 05 s`, `1 h 02 min` */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const pad = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return seconds < 3600
    ? `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`
    : `${Math.floor(seconds / 3600)} h ${pad((seconds % 3600) / 60)} min`;
}

/** How much later, or earlier, something was: `+40 ms`, `+0.4 s`, `−12.0 s`, `+3 min 05 s` */
export function difference(ms: number): string {
  const size = Math.abs(ms);
  const amount = size >= 99.5 && size < 1000 ? `${(size / 1000).toFixed(1)} s` : duration(size);
  return `${ms <= -0.5 ? '−' : '+'}${amount}`;
}

/** `2026-11-21 09:30:05` of an ISO instant; the reader is told once that it is UTC. */
export const instant = (iso: string): string => plain(iso).slice(0, 19).replace('T', ' ');

/** `3 controls`, `1 control` */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
