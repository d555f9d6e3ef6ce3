import { z } from 'zod';
import { elementText as text, hasDoctype, xmlParser } from '../xml.ts';
import type { WsmanFault } from './faults.ts';

const stream = z.object({ '@Name': z.string(), '#text': z.string().default('') });

const envelope = z.object({ Envelope: z.object({ Body: z.unknown() }) });

const created = z.object({
  ResourceCreated: z
    .object({
      ReferenceParameters: z.object({
        SelectorSet: z.object({ Selector: z.array(z.object({ '@Name': z.string(), '#text': z.string() })) }),
      }),
    })
    .optional(),
  Shell: z.object({ ShellId: text }).optional(),
});

const commandStarted = z.object({ CommandResponse: z.object({ CommandId: text }) });

const received = z.object({
  ReceiveResponse: z.object({
    Stream: z.array(stream).default([]),
    CommandState: z.object({ '@State': z.string(), ExitCode: text.optional() }).optional(),
  }),
});

const faulted = z.object({ Fault: z.unknown() });
const faultCode = z.object({ Code: z.object({ Subcode: z.object({ Value: text }) }) });
const faultReason = z.object({ Reason: z.object({ Text: text }) });
const faultDetail = z.object({ Detail: z.unknown() });

const wsmanDetail = z.object({ WSManFault: z.object({ '@Code': z.string() }) });
/** Quota errors may come in this form instead (facts 7.3). */
const wmiDetail = z.object({ MSFT_WmiError: z.object({ error_Code: text, Message: text.optional() }) });

const parser = xmlParser('Stream', 'Selector');

/** A piece of a command's output. */
export interface Received {
  readonly stdout: readonly Buffer[];
  readonly stderr: readonly Buffer[];
  /** Set when the command has ended. */
  readonly exitCode?: number;
}

/** An answer that is not what WS-Management allows here. */
export class MalformedAnswer extends Error {}

/**
 * The content of a SOAP body.
 * @throws MalformedAnswer for anything that is no SOAP envelope, or that has a DTD, which SOAP forbids
 */
export function readBody(xml: string): unknown {
  if (hasDoctype(xml)) throw new MalformedAnswer('it has a document type declaration');
  let parsed: unknown;
  try {
    parsed = parser.parse(xml);
  } catch (error) {
    throw new MalformedAnswer(
      `it is not well-formed XML (${error instanceof Error ? error.message : String(error)})`,
    );
  }
  return as(envelope, parsed, 'a SOAP envelope').Envelope.Body;
}

/** The fault in a body, or undefined when there is none. A fault may lack any of its parts. */
export function readFault(body: unknown): WsmanFault | undefined {
  const fault = faulted.safeParse(body).data?.Fault;
  if (fault === undefined) return undefined;
  const detail = faultDetail.safeParse(fault).data?.Detail;
  const wsman = wsmanDetail.safeParse(detail).data?.WSManFault;
  const wmi = wmiDetail.safeParse(detail).data?.MSFT_WmiError;
  const subcode = faultCode.safeParse(fault).data?.Code.Subcode.Value ?? '';
  const reason = faultReason.safeParse(fault).data?.Reason.Text ?? wmi?.Message ?? '';
  return {
    number: wsman?.['@Code'] ?? wmi?.error_Code ?? '',
    subcode: subcode.replace(/^.*:/, '').trim(),
    reason: reason.replace(/\s+/g, ' ').trim(),
  };
}

export function readShellId(body: unknown): string {
  const { ResourceCreated, Shell } = as(created, body, 'the answer to Create');
  const selectors = ResourceCreated?.ReferenceParameters.SelectorSet.Selector ?? [];
  const id = selectors.find((selector) => selector['@Name'] === 'ShellId')?.['#text'] ?? Shell?.ShellId;
  if (!id) throw new MalformedAnswer('it names no shell');
  return id;
}

export const readCommandId = (body: unknown): string =>
  as(commandStarted, body, 'the answer to Command').CommandResponse.CommandId;

export function readReceived(body: unknown): Received {
  const { Stream, CommandState } = as(received, body, 'the answer to Receive').ReceiveResponse;
  const of = (name: string): Buffer[] =>
    Stream.filter((piece) => piece['@Name'] === name).map((piece) => Buffer.from(piece['#text'], 'base64'));
  const output = { stdout: of('stdout'), stderr: of('stderr') };
  if (CommandState?.['@State'].endsWith('/CommandState/Done') !== true) return output;
  return { ...output, exitCode: readExitCode(CommandState.ExitCode) };
}

/** Exit codes are unsigned 32-bit numbers in Windows; some servers write them signed. */
function readExitCode(code: string | undefined): number {
  if (code === undefined || !/^\s*-?\d+\s*$/.test(code))
    throw new MalformedAnswer('a command ended without an exit code');
  return Number(code) >>> 0;
}

function as<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const found = schema.safeParse(value);
  if (found.success) return found.data;
  const issue = found.error.issues[0];
  throw new MalformedAnswer(`it is not ${what} (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`);
}
