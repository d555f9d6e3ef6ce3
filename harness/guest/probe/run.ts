import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import type { Channel, ExecResult } from '../channel.ts';
import type { Facts } from '../facts.ts';
import { buildProbe } from './build.ts';

export interface ProbeOptions {
  /** Where the guest shall try to connect to, in this order, with each of its stacks. */
  readonly urls: readonly string[];
  /** Time limit of one connection; default 10 s. */
  readonly connectionSeconds?: number;
}

const BEGIN = 'SSPR-PROBE-BEGIN';
const END = 'SSPR-PROBE-END';
const MISSING = 'SSPR-PROBE-MISSING';

/**
 * Reads all facts of the machine in one round trip; the script is put there first when it is not there yet.
 * A part that could not be read is named in `failures` with the reason, and holds its empty value.
 * @throws Fault `probe-failed` when the script did not run to its end, `probe-answer-invalid` when its answer is not Facts
 */
export async function probe(channel: Channel, options: ProbeOptions, deadline: Deadline): Promise<Facts> {
  const script = await buildProbe();
  const path = scriptPath(script);
  const line = commandLine(path, options);
  let result = await channel.exec({ line }, deadline);
  if (result.stdout.includes(MISSING)) {
    await channel.put(Buffer.from(script), path, deadline);
    result = await channel.exec({ line }, deadline);
  }
  return readFacts(result);
}

/** Its name holds its hash, so that what is there under this name is this script. */
export const scriptPath = (script: string): string =>
  `C:\\Windows\\Temp\\sspr-probe-${createHash('sha256').update(script).digest('hex').slice(0, 16)}.js`;

/** Without `//B`: batch mode is said to silence Echo as well, and cscript asks nobody anything. */
function commandLine(path: string, { urls, connectionSeconds = 10 }: ProbeOptions): string {
  const quoted = urls.map((url) => `"${checkUrl(url)}"`).join(' ');
  return `if not exist "${path}" (echo ${MISSING}) else cscript //nologo "${path}" ${connectionSeconds} ${quoted}`;
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
  if (at < 0 || json === undefined || lines[at + 2] !== END) throw probeFailed(result);
  const found = facts.safeParse(fillGaps(parseJson(json, result)));
  if (found.success) return found.data;
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
    throw probeFailed(result);
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
        'Check on the machine that scripts may run: cscript //nologo, and Windows Script Host "Enabled".',
    },
  );

const ABSENT = { state: 'absent' } as const;

/** What stands for a part that failed; `failures` says that it means nothing. */
const EMPTY: Omit<Facts, 'schema' | 'failures'> = {
  os: {
    version: '',
    build: 0,
    productName: '',
    servicePack: '',
    architecture: 'x64',
    computerName: '',
    locale: '',
  },
  clock: { now: '', bootedAt: '' },
  tls: {
    enabled: ABSENT,
    disabledByDefault: ABSENT,
    winHttpProtocols: ABSENT,
    winHttpProtocolsWow64: ABSENT,
    cipherSuiteOrder: ABSENT,
  },
  connections: [],
  proxy: {
    winHttpSettings: ABSENT,
    systemProxyEnable: ABSENT,
    systemProxyServer: ABSENT,
    systemAutoConfigUrl: ABSENT,
    perUserPolicy: ABSENT,
    machineProxyEnable: ABSENT,
    machineProxyServer: ABSENT,
  },
  packages: [],
  rebootPending: [],
  credentialProviders: [],
  products: [],
  verboseLogging: ABSENT,
  userAccountControl: ABSENT,
};

/** Puts the empty value where a part failed, and only there: a part that is missing without a reason is an error. */
function fillGaps(answer: unknown): unknown {
  const parsed = z.looseObject({ failures: z.record(z.string(), z.string()) }).safeParse(answer);
  if (!parsed.success) return answer;
  const failed = Object.entries(EMPTY).filter(([part]) => part in parsed.data.failures);
  return { ...parsed.data, ...Object.fromEntries(failed) };
}

const reading = <T>(value: z.ZodType<T>) =>
  z.discriminatedUnion('state', [
    z.object({ state: z.literal('present'), value }),
    z.object({ state: z.literal('absent') }),
    z.object({ state: z.literal('unreadable'), reason: z.string() }),
  ]);
const number = reading(z.number());
const text = reading(z.string());
const instant = z.union([z.iso.datetime(), z.literal('')]);

const facts: z.ZodType<Facts> = z.object({
  schema: z.literal(1),
  os: z.object({
    version: z.string(),
    build: z.number(),
    productName: z.string(),
    servicePack: z.string(),
    architecture: z.enum(['x64', 'x86']),
    computerName: z.string(),
    locale: z.string(),
  }),
  clock: z.object({ now: instant, bootedAt: instant }),
  tls: z.object({
    enabled: number,
    disabledByDefault: number,
    winHttpProtocols: number,
    winHttpProtocolsWow64: number,
    cipherSuiteOrder: text,
  }),
  connections: z.array(
    z.object({
      url: z.string(),
      stack: z.enum(['winhttp', 'wininet']),
      ok: z.boolean(),
      status: z.number(),
      error: z.string(),
      ms: z.number(),
    }),
  ),
  proxy: z.object({
    winHttpSettings: text,
    systemProxyEnable: number,
    systemProxyServer: text,
    systemAutoConfigUrl: text,
    perUserPolicy: number,
    machineProxyEnable: number,
    machineProxyServer: text,
  }),
  packages: z.array(z.object({ kb: z.string(), name: z.string(), state: z.number() })),
  rebootPending: z.array(z.string()),
  credentialProviders: z.array(
    z.object({
      clsid: z.string(),
      name: z.string(),
      disabled: z.boolean(),
      dll: text,
      dllExists: z.boolean().nullable(),
    }),
  ),
  products: z.array(
    z.object({ key: z.string(), displayName: z.string(), displayVersion: z.string(), wow64: z.boolean() }),
  ),
  verboseLogging: number,
  userAccountControl: number,
  failures: z.record(z.string(), z.string()),
});
