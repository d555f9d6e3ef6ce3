import { redact } from '../core/secret.ts';

/** What gives a secret away by its form, beside the secrets that are known. */
const TELLTALES: readonly (readonly [form: RegExp, instead: string])[] = [
  // A token: three parts of Base64 of which the first is a JSON object.
  [/eyJ[\w-]+\.[\w-]+(\.[\w-]*)?/g, '***'],
  [/(Bearer|Basic)\s+[^\s"'<>]{16,}/gi, '$1 ***'],
  [
    /((?:client_secret|client_assertion|access_token|password|skiptoken)(?:["']?\s*[=:]\s*["']?))[^\s"'&<>]+/gi,
    '$1***',
  ],
  [/:\/\/[^\s/@"'<>]+@/g, '://***@'],
];

/** Read no more than this of an answer that goes into an error. Characters. */
const WORTH_A_LOOK = 100_000;

/**
 * What somebody else has said, fit for our errors: on one line, short, and without secrets. A proxy or an end point may
 * repeat the request in its answer.
 */
export function quoteForeign(text: string, longest = 200): string {
  let line = redact(text.slice(0, WORTH_A_LOOK));
  for (const [form, instead] of TELLTALES) line = line.replace(form, instead);
  line = line.replace(/\s+/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest)}...` : line;
}
