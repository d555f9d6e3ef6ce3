import { z } from 'zod';
import { elementText as text, hasDoctype, malformed, xmlParser } from '../xml.ts';
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

/** An element with nothing in it is read as a text. */
const emptyOr = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (typeof value === 'string' && value.trim() === '' ? {} : value), schema);

const received = z.object({
  ReceiveResponse: emptyOr(
    z.object({
      Stream: z.array(stream).default([]),
      CommandState: z.object({ '@State': z.string(), ExitCode: text.optional() }).optional(),
    }),
  ),
});

/** A value, or a list of them, as a list. */
const oneOrMore = <T extends z.ZodType>(schema: T) =>
  z.union([z.array(schema), schema.transform((value) => [value])]);

const faulted = z.object({ Fault: z.unknown() });
const faultCode = z.object({ Code: z.object({ Value: text }) });
const faultSubcode = z.object({ Code: z.object({ Subcode: z.object({ Value: text }) }) });
/** The same in several languages, each with `xml:lang`. */
const faultReason = z.object({
  Reason: z.object({
    Text: oneOrMore(
      z.union([
        z.string().transform((content) => ({ content, language: '' })),
        z
          .object({ '#text': z.string().default(''), '@lang': z.string().default('') })
          .transform((element) => ({ content: element['#text'], language: element['@lang'] })),
      ]),
    ),
  }),
});
const faultDetail = z.object({ Detail: z.unknown() });

const wsmanDetail = z.object({
  WSManFault: z.object({ '@Code': z.string(), Message: z.unknown().optional() }),
});
/** The fault of a provider stands in the message of the service's own. */
const providerDetail = z.object({ ProviderFault: wsmanDetail });
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
  return as(envelope, parse(xml), 'a SOAP envelope').Envelope.Body;
}

function parse(xml: string): unknown {
  try {
    const why = malformed(xml);
    if (why === undefined) return parser.parse(xml);
    throw new Error(why);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new MalformedAnswer(`it is not well-formed XML (${why.slice(0, 250)})`);
  }
}

/** The fault in a body, or undefined when there is none. A fault may lack any of its parts. */
export function readFault(body: unknown): WsmanFault | undefined {
  const fault = faulted.safeParse(body).data?.Fault;
  if (fault === undefined) return undefined;
  const detail = faultDetail.safeParse(fault).data?.Detail;
  const wsman = wsmanDetail.safeParse(detail).data?.WSManFault;
  const provider = providerDetail.safeParse(wsman?.Message).data?.ProviderFault.WSManFault;
  const wmi = wmiDetail.safeParse(detail).data?.MSFT_WmiError;
  const subcode =
    faultSubcode.safeParse(fault).data?.Code.Subcode.Value ??
    faultCode.safeParse(fault).data?.Code.Value ??
    '';
  const said = [reasonOf(fault), wmi?.Message, wsman?.Message, provider?.Message].map(plain);
  return {
    number: readNumber(wsman?.['@Code'] ?? wmi?.error_Code ?? ''),
    innerNumber: provider && readNumber(provider['@Code']),
    subcode: subcode.replace(/^.*:/s, '').trim(),
    reason: said.find((words) => words !== '') ?? '',
  };
}

/** English where there are several languages. */
function reasonOf(fault: unknown): string {
  const texts = faultReason.safeParse(fault).data?.Reason.Text ?? [];
  return (texts.find(({ language }) => language.startsWith('en')) ?? texts[0])?.content ?? '';
}

const plain = (value: unknown): string =>
  (text.safeParse(value).data ?? '').replace(/\s+/g, ' ').trim().slice(0, 500);

/** Windows' 32 bits as unsigned decimal text, however they are written; '' for what is no such number. */
function readNumber(written: string): string {
  const number = /^\s*(-?\d+|0x[0-9a-f]+)\s*$/i.test(written) ? Number(written) : NaN;
  return isWord(number) ? String(number >>> 0) : '';
}

/** Whether it is a number of 32 bits, signed or not. */
const isWord = (number: number): boolean => number >= -(2 ** 31) && number < 2 ** 32;

export function readShellId(body: unknown): string {
  const { ResourceCreated, Shell } = as(created, body, 'the answer to Create');
  const selectors = ResourceCreated?.ReferenceParameters.SelectorSet.Selector ?? [];
  const id = selectors.find((selector) => selector['@Name'] === 'ShellId')?.['#text'] ?? Shell?.ShellId;
  if (!id?.trim()) throw new MalformedAnswer('it names no shell');
  return id.trim();
}

export function readCommandId(body: unknown): string {
  const id = as(commandStarted, body, 'the answer to Command').CommandResponse.CommandId.trim();
  if (id === '') throw new MalformedAnswer('it names no command');
  return id;
}

export function readReceived(body: unknown): Received {
  const { Stream, CommandState } = as(received, body, 'the answer to Receive').ReceiveResponse;
  const of = (name: string): Buffer[] =>
    Stream.filter((piece) => piece['@Name'] === name).map((piece) => readBase64(piece['#text']));
  const output = { stdout: of('stdout'), stderr: of('stderr') };
  if (CommandState?.['@State'].endsWith('/CommandState/Done') !== true) return output;
  return { ...output, exitCode: readExitCode(CommandState.ExitCode) };
}

function readBase64(written: string): Buffer {
  // Blanks apart: an expression that allows them everywhere takes hours for a million of them.
  const characters = written.replace(/\s+/g, '');
  // What is not Base64 would be left out without a word, and so would one character too many.
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(characters) && characters.length % 4 !== 1)
    return Buffer.from(characters, 'base64');
  throw new MalformedAnswer('its output is not Base64');
}

/** Exit codes are unsigned 32-bit numbers in Windows; some servers write them signed. */
function readExitCode(code: string | undefined): number {
  const number = code !== undefined && /^\s*-?\d+\s*$/.test(code) ? Number(code) : NaN;
  if (isWord(number)) return number >>> 0;
  throw new MalformedAnswer('a command ended without an exit code');
}

function as<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const found = schema.safeParse(value);
  if (found.success) return found.data;
  const issue = found.error.issues[0];
  throw new MalformedAnswer(`it is not ${what} (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`);
}
