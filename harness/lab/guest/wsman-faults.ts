/*
 * The faults of WS-Management that a Windows server answers with. Codes and sentences are those of its message table
 * (wsmerror.h); sources of the rules are named where they are not there.
 */

export interface FaultKind {
  readonly subcode: string;
  /** The client's fault, or the server's. */
  readonly blames: 'Sender' | 'Receiver';
  /** `MSFT_WmiError` is the CIM form of the same facts. */
  readonly detail?: 'WSManFault' | 'MSFT_WmiError';
}

/** A fault with the number that clients go by. */
export class WsmanFault extends Error {
  constructor(
    readonly code: number,
    readonly kind: FaultKind,
    message: string,
  ) {
    super(message);
  }
}

const receiver = (subcode: string): FaultKind => ({ subcode, blames: 'Receiver' });
const sender = (subcode: string): FaultKind => ({ subcode, blames: 'Sender' });

/** Source: MS-WSMV 3.1.4.14: a Receive without output is answered with it, and the client asks again. */
export const timedOut = (): WsmanFault =>
  new WsmanFault(
    2150858793,
    receiver('w:TimedOut'),
    'The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ',
  );

export const noSuchShell = (id: string): WsmanFault =>
  new WsmanFault(
    2150858843,
    sender('w:InvalidSelectors'),
    `The request for the Windows Remote Shell with ShellId ${id} failed because the shell was not found on the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the server. Provide the correct ShellId or create a new shell and retry the operation. `,
  );

export const noSuchCommand = (id: string): WsmanFault =>
  new WsmanFault(
    2150858843,
    sender('w:InvalidSelectors'),
    `The request for the Windows Remote Shell failed because there is no command with id ${id}.`,
  );

export const schemaError = (): WsmanFault =>
  new WsmanFault(
    2150858817,
    sender('w:SchemaValidationError'),
    'The SOAP packet did not match a known schema for one of the tags in the packet.',
  );

export const actionNotSupported = (): WsmanFault =>
  new WsmanFault(
    2150858771,
    sender('a:ActionNotSupported'),
    'The WS-Management service does not support the action specified in the request. ',
  );

export const noSuchResource = (): WsmanFault =>
  new WsmanFault(
    2150858752,
    sender('a:DestinationUnreachable'),
    'The WS-Management service cannot process the request. The service cannot find the resource identified by the resource URI and selectors. ',
  );

/** A shell or a command was closed while a request waited for it (ERROR_OPERATION_ABORTED). Source: facts 7.3. */
export const aborted = (): WsmanFault =>
  new WsmanFault(
    995,
    receiver('w:InternalError'),
    'The I/O operation has been aborted because of either a thread exit or an application request. ',
  );

/** Source: MS-WSMV 3.1.4.1.7. */
export const envelopeTooSmall = (): WsmanFault =>
  new WsmanFault(
    2150858878,
    sender('w:EncodingLimit'),
    'The WS-Management service cannot process the request because the envelope size in the request is too small. ',
  );

export const answerTooLarge = (): WsmanFault =>
  new WsmanFault(
    2150858824,
    sender('w:EncodingLimit'),
    'The response that the WS-Management service computed exceeds the maximum envelope size in the request. ',
  );

/** Source: MS-WSMV 2.2.4.42. */
export const remoteShellsNotAllowed = (): WsmanFault =>
  new WsmanFault(
    2150859180,
    receiver('w:InternalError'),
    'The WS-Management service cannot process the request. The service is configured to not accept any remote shell requests. ',
  );

/** Source: facts 7.3; the sentence is the one that machines with Windows 7 and later answer with. */
export const tooManyShells = (most: number): WsmanFault =>
  new WsmanFault(
    2150859173,
    receiver('w:QuotaLimit'),
    `The WS-Management service cannot process the request. This user is allowed a maximum number of ${most} concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user. `,
  );

/** Source: facts 7.3. */
export const tooManyOperations = (most: number, detail: 'WSManFault' | 'MSFT_WmiError'): WsmanFault =>
  new WsmanFault(
    2150859174,
    { ...receiver(detail === 'WSManFault' ? 'w:QuotaLimit' : 'w:InternalError'), detail },
    `The WS-Management service cannot process the request. This user is allowed a maximum number of ${most} concurrent operations, which has been exceeded. Close existing operations for this user, or raise the quota for this user. `,
  );

/** A job object that is full refuses the process (ERROR_NOT_ENOUGH_QUOTA as HRESULT). The form is not documented. */
export const tooManyProcesses = (): WsmanFault =>
  new WsmanFault(
    2147944216,
    receiver('w:InternalError'),
    'Not enough quota is available to process this command. ',
  );

export const internalError = (message: string): WsmanFault =>
  new WsmanFault(1726, receiver('w:InternalError'), message);

const FAULT = 'http://schemas.microsoft.com/wbem/wsman/1/wsmanfault';
const WMI_ERROR =
  'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/microsoft/windows/management/MSFT_WmiError';

/** The body of a fault's envelope, which declares the prefixes `s`, `a` and `w`. */
export function faultXml(fault: WsmanFault, machine: string): string {
  const message = escapeXml(fault.message);
  const detail =
    fault.kind.detail === 'MSFT_WmiError'
      ? wmiError(fault.code, message)
      : `<f:WSManFault xmlns:f="${FAULT}" Code="${fault.code}" Machine="${escapeXml(machine)}">` +
        `<f:Message>${message}</f:Message></f:WSManFault>`;
  return (
    `<s:Fault><s:Code><s:Value>s:${fault.kind.blames}</s:Value><s:Subcode><s:Value>${fault.kind.subcode}</s:Value>` +
    `</s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">${message}</s:Text></s:Reason>` +
    `<s:Detail>${detail}</s:Detail></s:Fault>`
  );
}

/** CIM's word for a limit that was exceeded, and Windows' category of it. */
const SERVER_LIMITS_EXCEEDED = 27;
const LIMITS_EXCEEDED = 30;

function wmiError(code: number, message: string): string {
  const property = (name: string, type: string, value: string | number): string =>
    `<p:${name} xsi:type="cim:cim${type}">${value}</p:${name}>`;
  return (
    `<p:MSFT_WmiError b:IsCIM_Error="true" xmlns:p="${WMI_ERROR}" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" ` +
    `xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
    property('CIMStatusCode', 'UnsignedInt', SERVER_LIMITS_EXCEEDED) +
    property('Message', 'String', message) +
    property('MessageID', 'String', `HRESULT 0x${code.toString(16)}`) +
    property('error_Category', 'UnsignedInt', LIMITS_EXCEEDED) +
    property('error_Code', 'UnsignedInt', code) +
    property('error_Type', 'String', 'HRESULT') +
    property('error_WindowsErrorMessage', 'String', message) +
    `</p:MSFT_WmiError>`
  );
}

/** Characters that no XML may hold are left out. */
export const escapeXml = (value: string): string =>
  value
    .replace(/[^\P{Cc}\t\n\r]/gu, '')
    .replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char] ?? '&quot;');
