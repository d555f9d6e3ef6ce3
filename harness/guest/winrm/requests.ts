import { randomUUID } from 'node:crypto';

const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell';
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

/** Largest answer that we ask for, in bytes: what WinRM 2.0 of Windows 7 allows at most. */
const MAX_ENVELOPE_BYTES = 153_600;

/** How long the machine may hold a request before it answers `TimedOut`, in seconds. */
export const OPERATION_TIMEOUT_S = 20;

/** One request of the WS-Management shell protocol, before it is written as XML. */
export interface WsmanRequest {
  readonly action: string;
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

/** Starts a line in the shell's `cmd.exe /c`. */
export const startCommand = (shellId: string, line: string): WsmanRequest => ({
  action: `${SHELL}/Command`,
  shellId,
  options: { WINRS_CONSOLEMODE_STDIN: 'TRUE', WINRS_SKIP_CMD_SHELL: 'FALSE' },
  body: `<rsp:CommandLine><rsp:Command>${escapeXml(line)}</rsp:Command></rsp:CommandLine>`,
});

/** Asks for the next piece of output; held by the machine until there is some. */
export const receive = (shellId: string, commandId: string): WsmanRequest => ({
  action: `${SHELL}/Receive`,
  shellId,
  body: `<rsp:Receive><rsp:DesiredStream CommandId="${escapeXml(commandId)}">stdout stderr</rsp:DesiredStream></rsp:Receive>`,
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

/** The request as a SOAP envelope. Every envelope has its own MessageID. */
export function toXml(request: WsmanRequest, url: string): string {
  const selector =
    request.shellId === undefined
      ? ''
      : `<w:SelectorSet><w:Selector Name="ShellId">${escapeXml(request.shellId)}</w:Selector></w:SelectorSet>`;
  const options = Object.entries(request.options ?? {})
    .map(([name, value]) => `<w:Option Name="${name}">${value}</w:Option>`)
    .join('');
  return (
    `<?xml version="1.0" encoding="utf-8"?><s:Envelope ${NAMESPACES}><s:Header>` +
    `<a:To>${escapeXml(url)}</a:To>` +
    `<a:ReplyTo><a:Address s:mustUnderstand="true">${ANONYMOUS}</a:Address></a:ReplyTo>` +
    `<a:Action s:mustUnderstand="true">${request.action}</a:Action>` +
    `<a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID>` +
    `<w:ResourceURI s:mustUnderstand="true">${SHELL}/cmd</w:ResourceURI>` +
    `<w:MaxEnvelopeSize s:mustUnderstand="true">${MAX_ENVELOPE_BYTES}</w:MaxEnvelopeSize>` +
    `<w:OperationTimeout>PT${OPERATION_TIMEOUT_S}S</w:OperationTimeout>` +
    '<w:Locale s:mustUnderstand="false" xml:lang="en-US"/><p:DataLocale s:mustUnderstand="false" xml:lang="en-US"/>' +
    selector +
    (options && `<w:OptionSet s:mustUnderstand="true">${options}</w:OptionSet>`) +
    `</s:Header><s:Body>${request.body}</s:Body></s:Envelope>`
  );
}

/** Characters with a meaning in XML as references; the control characters that XML cannot carry are left out. */
const escapeXml = (text: string): string =>
  text.replace(/[<>&"'\p{Cc}]/gu, (char) => {
    const code = char.charCodeAt(0);
    return code < 32 && !'\t\r\n'.includes(char) ? '' : `&#${code};`;
  });
