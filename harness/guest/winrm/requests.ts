import { randomUUID } from 'node:crypto';
import { Fault } from '../../core/errors.ts';

const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell';
const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config';
const IDENTITY = 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd';
const TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer';
const ANONYMOUS = 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous';

const NAMESPACES = Object.entries({
  s: 'http://www.w3.org/2003/05/soap-envelope',
  a: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
  w: 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd',
  p: 'http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd',
  rsp: SHELL,
})
  .map(([prefix, uri]) => `xmlns:${prefix}="${uri}"`)
  .join(' ');

/**
 * Largest envelope, in bytes, that we send or ask for: what WinRM 2.0 of Windows 7 takes with its defaults, also as a
 * limit of requests. Source: MS-WSMV 2.2.4.10 MaxEnvelopeSizekb, facts 7.2.
 */
export const MAX_ENVELOPE_BYTES = 153_600;

/** How long the machine may hold a request before it answers `TimedOut`, in seconds. */
export const OPERATION_TIMEOUT_S = 20;

/** One request of WS-Management, before it is written as XML. */
export interface WsmanRequest {
  /** Missing for Identify alone, which has no header. */
  readonly action?: string;
  /** What it is about; the cmd shell when missing. */
  readonly resource?: string;
  readonly body: string;
  readonly shellId?: string;
  readonly options?: Readonly<Record<string, string>>;
}

/** Opens a cmd shell whose output is UTF-8. */
export const createShell = (): WsmanRequest => ({
  action: `${TRANSFER}/Create`,
  options: { WINRS_NOPROFILE: 'FALSE', WINRS_CODEPAGE: '65001' },
  body:
    '<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams>' +
    '<rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>',
});

/**
 * Starts a line in the shell's `cmd.exe /c`.
 * @param stdin a console, where Ctrl+Z ends the input, or a pipe, which the last Send closes
 */
export const startCommand = (
  shellId: string,
  line: string,
  stdin: 'console' | 'pipe' = 'console',
): WsmanRequest => ({
  action: `${SHELL}/Command`,
  shellId,
  options: {
    WINRS_CONSOLEMODE_STDIN: stdin === 'console' ? 'TRUE' : 'FALSE',
    WINRS_SKIP_CMD_SHELL: 'FALSE',
  },
  body: `<rsp:CommandLine><rsp:Command>${escapeXml(line)}</rsp:Command></rsp:CommandLine>`,
});

/** Asks for the next piece of output; held by the machine until there is some. */
export const receive = (shellId: string, commandId: string): WsmanRequest => ({
  action: `${SHELL}/Receive`,
  shellId,
  body: `<rsp:Receive><rsp:DesiredStream CommandId="${escapeXml(commandId)}">stdout stderr</rsp:DesiredStream></rsp:Receive>`,
});

/** Input of one Send, in bytes: Base64 makes four thirds of it, and the rest of the envelope and a seal need room. */
export const MAX_SEND_BYTES = 105 * 1024;

/** Gives a command input. Source: MS-WSMV 3.1.4.13. */
export const send = (
  shellId: string,
  commandId: string,
  bytes: Uint8Array,
  isLast: boolean,
): WsmanRequest => ({
  action: `${SHELL}/Send`,
  shellId,
  body:
    `<rsp:Send><rsp:Stream Name="stdin" CommandId="${escapeXml(commandId)}"${isLast ? ' End="true"' : ''}>` +
    `${Buffer.from(bytes).toString('base64')}</rsp:Stream></rsp:Send>`,
});

/** Ends a command and frees what the machine keeps of it; asked for also when it has ended by itself. */
export const terminate = (shellId: string, commandId: string): WsmanRequest => ({
  action: `${SHELL}/Signal`,
  shellId,
  body: `<rsp:Signal CommandId="${escapeXml(commandId)}"><rsp:Code>${SHELL}/signal/terminate</rsp:Code></rsp:Signal>`,
});

export const deleteShell = (shellId: string): WsmanRequest => ({
  action: `${TRANSFER}/Delete`,
  shellId,
  body: '',
});

/** Asks for the service's settings, which an administrator may read. Source: MS-WSMV 4.2.1. */
export const getConfig = (): WsmanRequest => ({ action: `${TRANSFER}/Get`, resource: CONFIG, body: '' });

/** Asks who is there. Source: DSP0226, wsmid:Identify. */
export const identify = (): WsmanRequest => ({ body: `<i:Identify xmlns:i="${IDENTITY}"/>` });

/**
 * The request as a SOAP envelope. Every envelope has its own MessageID.
 * @throws Fault `winrm-envelope-too-large`: a machine with the settings of Windows 7 would refuse it
 */
export function toXml(request: WsmanRequest, url: string): string {
  const xml =
    `<?xml version="1.0" encoding="utf-8"?><s:Envelope ${NAMESPACES}>${header(request, url)}` +
    `<s:Body>${request.body}</s:Body></s:Envelope>`;
  const bytes = Buffer.byteLength(xml);
  if (bytes > MAX_ENVELOPE_BYTES) throw tooLarge(bytes);
  return xml;
}

function header({ action, resource, shellId, options }: WsmanRequest, url: string): string {
  if (action === undefined) return '<s:Header/>';
  const selector =
    shellId === undefined
      ? ''
      : `<w:SelectorSet><w:Selector Name="ShellId">${escapeXml(shellId)}</w:Selector></w:SelectorSet>`;
  const settings = Object.entries(options ?? {})
    .map(([name, value]) => `<w:Option Name="${name}">${value}</w:Option>`)
    .join('');
  return (
    `<s:Header><a:To>${escapeXml(url)}</a:To>` +
    `<a:ReplyTo><a:Address s:mustUnderstand="true">${ANONYMOUS}</a:Address></a:ReplyTo>` +
    `<a:Action s:mustUnderstand="true">${action}</a:Action>` +
    `<a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID>` +
    `<w:ResourceURI s:mustUnderstand="true">${resource ?? `${SHELL}/cmd`}</w:ResourceURI>` +
    `<w:MaxEnvelopeSize s:mustUnderstand="true">${MAX_ENVELOPE_BYTES}</w:MaxEnvelopeSize>` +
    `<w:OperationTimeout>PT${OPERATION_TIMEOUT_S}S</w:OperationTimeout>` +
    '<w:Locale s:mustUnderstand="false" xml:lang="en-US"/><p:DataLocale s:mustUnderstand="false" xml:lang="en-US"/>' +
    selector +
    (settings && `<w:OptionSet s:mustUnderstand="true">${settings}</w:OptionSet>`) +
    '</s:Header>'
  );
}

/** Characters with a meaning in XML as references; what XML cannot carry must have been refused before. */
const escapeXml = (text: string): string =>
  text.replace(/[<>&"'\t\r\n]/g, (char) => `&#${char.charCodeAt(0)};`);

const tooLarge = (bytes: number): Fault =>
  new Fault(`A request has ${bytes} bytes, the WinRM of Windows 7 takes ${MAX_ENVELOPE_BYTES}`, {
    code: 'winrm-envelope-too-large',
    blame: 'harness',
    remedy: 'Put a file on the machine instead of giving the content in the command.',
  });
