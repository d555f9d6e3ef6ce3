import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import type { Channel, ExecResult } from '../channel.ts';
import type { Facts } from '../facts.ts';
import type { Ask } from '../routes.ts';
import { answer, fillGaps } from './answer.ts';
import { buildProbe } from './build.ts';
import { readFactsWithoutScripts } from './fallback.ts';
import { whyNoScripts } from './script-host.ts';
import { isThere, runScript, type Script } from './script.ts';

export interface ProbeOptions {
  /** Where the guest shall try to connect to, in this order: a URL with each of its stacks, an ask with its own. */
  readonly urls: readonly (string | Ask)[];
  /** Time limit of one connection; default 10 s. */
  readonly connectionSeconds?: number;
}

const BEGIN = 'SSPR-PROBE-BEGIN';
const END = 'SSPR-PROBE-END';

/**
 * Reads all facts of the machine in one round trip; the script is put there first when it is not there yet.
 * A part that could not be read is named in `failures` with the reason, and holds its empty value.
 * Where the machine runs no scripts, the facts are read without one: `scriptHost` says so, and why.
 * @throws Fault `probe-failed` when the script did not run to its end, `probe-cut-off` when the end of its answer is
 *   missing, `probe-answer-invalid` when its answer is not Facts, `probe-removed` when something deletes the script,
 *   `probe-url`; and whatever the channel throws, `timed-out` among it
 */
export async function probe(channel: Channel, options: ProbeOptions, deadline: Deadline): Promise<Facts> {
  const script = await probeScript();
  const result = await runScript(channel, script, scriptArguments(options), deadline);
  if (result.stdout.includes(BEGIN)) return readFacts(result);
  const scriptHost = await whyNoScripts(channel, result, deadline);
  if (scriptHost !== undefined) return readFactsWithoutScripts(channel, scriptHost, options.urls, deadline);
  await isThere(channel, script, deadline);
  throw probeFailed(result);
}

/** Its name holds its hash, so that what is there under this name is this script. */
export async function probeScript(): Promise<Script> {
  const source = await buildProbe();
  const hash = createHash('sha256').update(source).digest('hex').slice(0, 16);
  return { source, path: `C:\\Windows\\Temp\\sspr-probe-${hash}.js` };
}

const scriptArguments = ({ urls, connectionSeconds = 10 }: ProbeOptions): string =>
  [connectionSeconds.toString(), ...urls.map((ask) => `"${argumentOf(ask)}"`)].join(' ');

const argumentOf = (ask: string | Ask): string =>
  typeof ask === 'string' ? checkUrl(ask) : `${ask.stack ?? checkRoute(ask.route)} ${checkUrl(ask.url)}`;

function checkRoute(route: string): string {
  if (/^[\w.:[\]-]+$/.test(route)) return route;
  throw new Fault(`Not a proxy that the machine can be told to connect through: ${route}`, {
    code: 'probe-url',
    blame: 'machine',
    remedy: 'Set the proxy on the machine as host:port, without quotes or percent signs.',
  });
}

function checkUrl(url: string): string {
  if (URL.canParse(url) && !/["%!\s]/.test(url)) return url;
  throw new Fault(`Not a URL that the machine can be told to connect to: ${url}`, {
    code: 'probe-url',
    blame: 'config',
    remedy:
      'Give a plain URL such as https://passwordreset.microsoftonline.com/, without quotes or percent signs.',
  });
}

/** The one line between the first and the last words of the script. */
export function readFacts(result: ExecResult): Facts {
  const lines = result.stdout.split(/\r?\n/).map((line) => line.trim());
  const at = lines.indexOf(BEGIN);
  const json = lines[at + 1];
  if (at < 0) throw probeFailed(result);
  if (json === undefined || lines[at + 2] !== END) throw cutOff(result);
  const found = answer.safeParse(fillGaps(parseJson(json, result)));
  if (found.success) return { ...found.data, scriptHost: { state: 'available' } };
  throw new Fault(`The probe's answer is not what was expected: ${z.prettifyError(found.error)}`, {
    code: 'probe-answer-invalid',
    blame: 'harness',
    remedy: 'This is a bug of the harness: please report it with the Windows version of the machine.',
  });
}

function parseJson(json: string, result: ExecResult): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw cutOff(result);
  }
}

const probeFailed = ({ exitCode, stdout, stderr }: ExecResult): Fault =>
  new Fault(
    `The probe did not run to its end (exit code ${exitCode}): ${(stderr + stdout).trim().slice(-300) || 'it said nothing'}`,
    {
      code: 'probe-failed',
      blame: 'machine',
      retryable: true,
      remedy:
        'Scripts do run on the machine, but this one failed: run it there with cscript //nologo and see what it says.',
    },
  );

const cutOff = ({ exitCode, stdout }: ExecResult): Fault =>
  new Fault(
    `The probe's answer has no end: ${stdout.length} characters arrived (exit code ${exitCode}), the last ones ` +
      `"${stdout.trim().slice(-80)}"`,
    {
      code: 'probe-cut-off',
      blame: 'machine',
      retryable: true,
      remedy:
        'Try again; if it stays so, look whether a scanner or a quota of WinRM on the machine ends cscript.',
    },
  );
