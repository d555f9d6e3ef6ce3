import { type GuestProcess, type Tool, switches } from './tool.ts';

const HEADINGS = ['Image Name', 'PID', 'Session Name', 'Session#', 'Mem Usage'];
const WIDTHS = [25, 8, 16, 11, 12];
/** Columns whose text stands at the right. */
const RIGHT = [1, 3, 4];

/** tasklist.exe: tables and CSV, with the filters IMAGENAME and PID. */
export const tasklist: Tool = async ({ args, print, processes }) => {
  const options = switches(args, ['fo', 'fi']);
  const wanted = filter(options.get('fi'));
  const rows = (await processes()).filter(wanted).map(row);
  if (rows.length === 0) {
    print('INFO: No tasks are running which match the specified criteria.\n');
    return 0;
  }
  const heading = options.has('nh') ? [] : [HEADINGS];
  if (/^csv$/i.test(options.get('fo') ?? '')) {
    print([...heading, ...rows].map((cells) => cells.map((cell) => `"${cell}"`).join(',') + '\n').join(''));
    return 0;
  }
  const rule = WIDTHS.map((width) => '='.repeat(width)).join(' ');
  print(['', ...heading.map(line), ...(heading.length > 0 ? [rule] : []), ...rows.map(line), ''].join('\n'));
  return 0;
};

const row = ({ name, pid, workingSetKib }: GuestProcess): string[] => [
  name,
  pid.toString(),
  'Console',
  '1',
  `${workingSetKib.toLocaleString('en-US')} K`,
];

const line = (cells: readonly string[]): string =>
  cells
    .map((cell, i) => {
      const width = WIDTHS[i] ?? 0;
      return RIGHT.includes(i) ? cell.padStart(width) : cell.slice(0, width).padEnd(width);
    })
    .join(' ');

function filter(text: string | undefined): (process: GuestProcess) => boolean {
  const [, field = '', value = ''] = /^\s*(imagename|pid)\s+eq\s+(.*?)\s*$/i.exec(text ?? '') ?? [];
  const star = value.toLowerCase().replace(/\*$/, '');
  const matches: Readonly<Record<string, (process: GuestProcess) => boolean>> = {
    imagename: ({ name }) =>
      value.endsWith('*') ? name.toLowerCase().startsWith(star) : name.toLowerCase() === star,
    pid: ({ pid }) => pid === Number(value),
  };
  return matches[field.toLowerCase()] ?? (() => true);
}
