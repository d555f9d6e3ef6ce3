import { randomUUID } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import type { Soap } from './sealed-body.ts';
import { type WsmanFault, actionNotSupported, escapeXml, faultXml, schemaError } from './wsman-faults.ts';

/*
 * The words of WS-Management that a remote shell needs (MS-WSMV): requests into plain data, answers into SOAP.
 * Clients differ in prefixes, CDATA, the case of ids and of booleans; none of it matters here.
 */

const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell';
const TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer';

const IDENTITY = 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd';
export const SHELL_URI = `${SHELL}/cmd`;

/** What is asked of a remote shell, and what else of the service. */
export type ShellOperation = 'Create' | 'Command' | 'Receive' | 'Send' | 'Signal' | 'Delete';
export type Operation = ShellOperation | 'Get' | 'Identify';

const ACTIONS: Readonly<Record<string, Operation>> = {
  [`${TRANSFER}/Get`]: 'Get',
  [`${TRANSFER}/Create`]: 'Create',
  [`${TRANSFER}/Delete`]: 'Delete',
  [`${SHELL}/Command`]: 'Command',
  [`${SHELL}/Receive`]: 'Receive',
  [`${SHELL}/Send`]: 'Send',
  [`${SHELL}/Signal`]: 'Signal',
};

export interface WsmanRequest {
  readonly operation: Operation;
  readonly messageId: string;
  readonly resourceUri: string;
  /** Largest answer that the client takes, in bytes; undefined when it does not say. */
  readonly maxEnvelopeSize: number | undefined;
  /** Upper case; '' for Create. */
  readonly shellId: string;
  /** Upper case; '' where there is none. */
  readonly commandId: string;
  /** undefined when the client does not say. */
  readonly operationTimeoutMs: number | undefined;
  /** Options by their names in upper case. */
  readonly options: ReadonlyMap<string, string>;
  /** Create: code page and the like are options; these are in the body. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Create: how long the shell may be left alone; undefined when the client does not say. */
  readonly idleTimeoutMs: number | undefined;
  /** Command: the command and its arguments as one line. */
  readonly commandLine: string;
  /** Send: bytes for stdin, and whether they were the last. */
  readonly input: { readonly bytes: Buffer; readonly end: boolean };
  /** Signal: last part of its code: `terminate`, `ctrl_c`. */
  readonly signal: string;
}

type Node = Readonly<Record<string, unknown>>;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  // Also what is written as a number: &#34; or &#x22;.
  htmlEntities: true,
});

/** The text of a request, as its content type says it is encoded. Clients on Windows also send UTF-16. */
export function decodeSoap({ bytes, contentType }: Soap): string {
  const utf16 = /charset\s*=\s*"?utf-16/i.test(contentType);
  return bytes.toString(utf16 ? 'utf16le' : 'utf8').replace(/^\uFEFF/, '');
}

/** @throws WsmanFault when it is no request of a remote shell */
export function parseRequest(xml: string): WsmanRequest {
  let document: unknown;
  // SOAP has no document type, and entities of one's own making are there to do harm.
  if (/<!DOCTYPE/i.test(xml)) throw schemaError();
  try {
    document = parser.parse(xml);
  } catch {
    throw schemaError();
  }
  const envelope = child(document, 'Envelope');
  const header = child(envelope, 'Header');
  const body = child(envelope, 'Body');
  const action = text(child(header, 'Action')).trim();
  const operation = child(body, 'Identify') === undefined ? ACTIONS[action] : 'Identify';
  if (envelope === undefined || (action === '' && operation !== 'Identify')) throw schemaError();
  if (!operation) throw actionNotSupported();
  const shell = child(body, 'Shell');
  const command = child(body, 'CommandLine');
  const streams = children(child(body, 'Send'), 'Stream');
  const commandId =
    attribute(child(body, 'Signal'), 'CommandId') ??
    attribute(child(child(body, 'Receive'), 'DesiredStream'), 'CommandId') ??
    attribute(streams[0], 'CommandId') ??
    '';
  const words = [...children(command, 'Command'), ...children(command, 'Arguments')].map(text);
  return {
    operation,
    messageId: text(child(header, 'MessageID')).trim(),
    resourceUri: text(child(header, 'ResourceURI')).trim(),
    maxEnvelopeSize: wholeNumber(text(child(header, 'MaxEnvelopeSize'))),
    shellId: text(named(child(header, 'SelectorSet'), 'Selector', 'ShellId'))
      .trim()
      .toUpperCase(),
    commandId: commandId.toUpperCase(),
    operationTimeoutMs: durationMs(text(child(header, 'OperationTimeout'))),
    options: new Map(
      children(child(header, 'OptionSet'), 'Option').map((option) => [
        (attribute(option, 'Name') ?? '').toUpperCase(),
        text(option).trim(),
      ]),
    ),
    environment: Object.fromEntries(
      children(child(shell, 'Environment'), 'Variable').map((variable) => [
        attribute(variable, 'Name') ?? '',
        text(variable),
      ]),
    ),
    workingDirectory: text(child(shell, 'WorkingDirectory')),
    idleTimeoutMs: durationMs(text(child(shell, 'IdleTimeOut') ?? child(shell, 'IdleTimeout'))),
    commandLine: words.join(' '),
    input: {
      bytes: Buffer.concat(streams.map((stream) => Buffer.from(text(stream), 'base64'))),
      end: streams.some((stream) => /^(true|1)$/i.test(attribute(stream, 'End') ?? '')),
    },
    signal:
      text(child(child(body, 'Signal'), 'Code'))
        .trim()
        .split('/')
        .at(-1) ?? '',
  };
}

function child(node: unknown, name: string): unknown {
  return children(node, name)[0];
}

function children(node: unknown, name: string): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  const found = (node as Node)[name];
  return found === undefined ? [] : Array.isArray(found) ? (found as unknown[]) : [found];
}

const named = (set: unknown, tag: string, name: string): unknown =>
  children(set, tag).find((node) => attribute(node, 'Name')?.toLowerCase() === name.toLowerCase());

function attribute(node: unknown, name: string): string | undefined {
  const value = typeof node === 'object' && node !== null ? (node as Node)[`@${name}`] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function text(node: unknown): string {
  if (typeof node === 'string') return node;
  const inner = typeof node === 'object' && node !== null ? (node as Node)['#text'] : undefined;
  return typeof inner === 'string' ? inner : '';
}

const wholeNumber = (digits: string): number | undefined =>
  /^\s*\d+\s*$/.test(digits) ? Number(digits) : undefined;

/** `PT20S`, `PT1M`, `PT60.000S`, `P0DT1H` in milliseconds. */
export function durationMs(duration: string): number | undefined {
  const match = /^P(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/.exec(duration.trim());
  if (!match) return undefined;
  const [days, hours, minutes, seconds] = match.slice(1).map((part: string | undefined) => Number(part ?? 0));
  return ((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000;
}

export const created = (request: WsmanRequest, shellId: string): string =>
  envelope(
    request.messageId,
    `${TRANSFER}/CreateResponse`,
    `<x:ResourceCreated><a:Address>http://127.0.0.1/wsman</a:Address><a:ReferenceParameters>` +
      `<w:ResourceURI>${SHELL}/cmd</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">${shellId}</w:Selector>` +
      `</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>` +
      `<rsp:Shell><rsp:ShellId>${shellId}</rsp:ShellId><rsp:InputStreams>stdin</rsp:InputStreams>` +
      `<rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>`,
  );

export const started = (request: WsmanRequest, commandId: string): string =>
  envelope(
    request.messageId,
    `${SHELL}/CommandResponse`,
    `<rsp:CommandResponse><rsp:CommandId>${commandId}</rsp:CommandId></rsp:CommandResponse>`,
  );

/** @param exitCode undefined while the command runs */
export function received(
  request: WsmanRequest,
  output: { readonly stdout: Buffer; readonly stderr: Buffer },
  exitCode: number | undefined,
): string {
  const id = `CommandId="${request.commandId}"`;
  const streams = Object.entries(output)
    .filter(([, bytes]) => bytes.length > 0)
    .map(([name, bytes]) => `<rsp:Stream Name="${name}" ${id}>${bytes.toString('base64')}</rsp:Stream>`);
  const ends = ['stdout', 'stderr'].map(
    (name) => `<rsp:Stream Name="${name}" ${id} End="true"></rsp:Stream>`,
  );
  const state =
    exitCode === undefined
      ? `<rsp:CommandState ${id} State="${SHELL}/CommandState/Running"></rsp:CommandState>`
      : `<rsp:CommandState ${id} State="${SHELL}/CommandState/Done"><rsp:ExitCode>${exitCode}</rsp:ExitCode></rsp:CommandState>`;
  const parts = [...streams, ...(exitCode === undefined ? [] : ends), state];
  return envelope(
    request.messageId,
    `${SHELL}/ReceiveResponse`,
    `<rsp:ReceiveResponse>${parts.join('')}</rsp:ReceiveResponse>`,
  );
}

/** The empty answer of Send, Signal and Delete. */
export function done(request: WsmanRequest): string {
  const { operation, messageId } = request;
  return operation === 'Delete'
    ? envelope(messageId, `${TRANSFER}/DeleteResponse`, '')
    : envelope(
        messageId,
        `${SHELL}/${operation}Response`,
        `<rsp:${operation}Response></rsp:${operation}Response>`,
      );
}

/** The answer to Get, with the resource as XML. */
export const got = (request: WsmanRequest, resource: string): string =>
  envelope(request.messageId, `${TRANSFER}/GetResponse`, resource);

/** @param version `OS: 6.1.7601 SP: 1.0 Stack: 2.0`. The answer has no addresses: it is the same for everybody. */
export const identified = (version: string): string =>
  `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header></s:Header><s:Body>` +
  `<wsmid:IdentifyResponse xmlns:wsmid="${IDENTITY}">` +
  `<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>` +
  `<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>` +
  `<wsmid:ProductVersion>${version}</wsmid:ProductVersion>` +
  `</wsmid:IdentifyResponse></s:Body></s:Envelope>`;

export const faulted = (messageId: string, fault: WsmanFault, machine: string): string =>
  envelope(messageId, 'http://schemas.dmtf.org/wbem/wsman/1/wsman/fault', faultXml(fault, machine));

function envelope(relatesTo: string, action: string, body: string): string {
  return (
    `<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" ` +
    `xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:x="${TRANSFER}" ` +
    `xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="${SHELL}">` +
    `<s:Header><a:Action>${action}</a:Action><a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID>` +
    `<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>` +
    `<a:RelatesTo>${escapeXml(relatesTo)}</a:RelatesTo></s:Header><s:Body>${body}</s:Body></s:Envelope>`
  );
}
