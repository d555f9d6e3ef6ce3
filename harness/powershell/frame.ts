import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ErrorRecord } from './errors.ts';
import type { Script } from './powershell.ts';

/*
 * What is written to PowerShell for one call. Its command lines are constants. Everything that differs from call to call
 * stands in lines that begin with #: serve.ps1 reads them from the standard input, and if it does not, because a policy or
 * a scanner stopped it, they are comments.
 */

/** Asks the shell what it is. `Write-Host`, since that also works where a policy restricts the language. */
export const HELLO_LINE =
  "Write-Host -Object ('SSPR-HELLO {0} {1}' -f $PSVersionTable.PSVersion, $ExecutionContext.SessionState.LanguageMode)";

/** The version, such as 5.1.14409.1018 or 7.4.1, and the language mode. */
export const HELLO = /SSPR-HELLO (\d+\.\d+[^\s']*) (\w+)\r?\n/;

const START_LINE =
  '$SsprNonce = [Console]::In.ReadLine(); ' +
  '& ([ScriptBlock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String([Console]::In.ReadLine().Substring(1)))))';

const END_LINE = "[Console]::Out.WriteLine('SSPR-END ' + $SsprNonce)";

/** Stands in the output when a call is over, whether or not there is an answer. */
export const END = /SSPR-END (?:#([0-9a-f]{32}))?\r?\n/;

/** Longer than anything that END or HELLO match: so much of what came before is looked at again. */
export const LONGEST_MARK = 200;

const SERVE = readFileSync(new URL('serve.ps1', import.meta.url));

/** Characters of Base64 in a line: no limit is documented for a redirected input; this is far from any. */
const LINE = 32_000;

/** The lines of one call. @param nonce 32 hexadecimal digits that nobody could foresee */
export function callLines(nonce: string, script: Script, data: unknown): string {
  const call = Buffer.from(JSON.stringify(marked({ script: script.text, in: data ?? null }))).toString(
    'base64',
  );
  const lines = [START_LINE, `#${nonce}`, `#${SERVE.toString('base64')}`];
  for (let at = 0; at < call.length; at += LINE) lines.push(`#${call.slice(at, at + LINE)}`);
  return `${[...lines, '#.', END_LINE].join('\n')}\n`;
}

/**
 * Every text with a = in front, which serve.ps1 takes away again: PowerShell 7 would make a date of a text that looks like
 * one, and Windows PowerShell of one like "/Date(0)/". What JSON leaves out is left out here, too.
 */
function marked(value: unknown): unknown {
  if (typeof value === 'string') return `=${value}`;
  if (Array.isArray(value)) return value.map(marked);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return `=${Buffer.from(value).toString('base64')}`;
  if (hasOwnJson(value)) return marked(value.toJSON());
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, marked(part)]));
}

/** A date writes itself as ISO 8601, a Secret as ***. */
const hasOwnJson = (value: object): value is { toJSON(): unknown } =>
  'toJSON' in value && typeof value.toJSON === 'function';

const answer = z.union([
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({
    ok: z.literal(false),
    error: z.object({
      message: z.string(),
      id: z.string(),
      category: z.string(),
      number: z.number().nullable(),
      line: z.number(),
    }),
  }),
]);

export type Answer =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: ErrorRecord };

/** The answer in the output of one call, or what is wrong with it. What else was printed is passed over. */
export function readAnswer(output: string, nonce: string): Answer | string {
  const [start, end] = [output.indexOf(`${nonce}:`), output.lastIndexOf(`:${nonce}`)];
  if (start === -1) return 'there is no answer in its output';
  const base64 = output.slice(start + nonce.length + 1, Math.max(end, 0));
  if (end <= start || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return 'its answer is not whole';
  try {
    const read = answer.safeParse(JSON.parse(Buffer.from(base64, 'base64').toString('utf8')));
    return read.success ? read.data : `its answer is of another shape: ${z.prettifyError(read.error)}`;
  } catch {
    return 'its answer is not JSON';
  }
}
