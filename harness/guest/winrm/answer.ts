import { type Blame, Fault } from '../../core/errors.ts';
import { explainFault, isTimedOut, notWsman } from './faults.ts';
import { tooLowQuota } from './quotas.ts';
import { MalformedAnswer, readBody, readFault } from './responses.ts';

/** What a request led to: the content of the answer's body, or "nothing happened in time, ask again". */
export type Answer = { readonly timedOut: false; readonly body: unknown } | { readonly timedOut: true };

interface Meaning {
  readonly code: string;
  readonly blame: Blame;
  readonly retryable: boolean;
  readonly what: string;
  readonly remedy: string;
}

const CHECK_ADDRESS =
  'Check that the address and port are those of the WinRM service (5985 for HTTP, 5986 for HTTPS, path /wsman), not of another server.';

const OTHER_SERVER: Meaning = {
  code: 'winrm-protocol',
  blame: 'config',
  retryable: false,
  what: 'another web server is there',
  remedy: CHECK_ADDRESS,
};

const NOT_NOW: Meaning = {
  code: 'winrm-unreachable',
  blame: 'machine',
  retryable: true,
  what: 'the service does not work just now: it is starting, stopping or out of a quota',
  remedy:
    'Try again; if it stays so, restart the service on the machine (net stop winrm & net start winrm) and look at winrm get winrm/config.',
};

/** Source: RFC 9110; what WinRM itself means by them: wsmerror.h, ERROR_WSMAN_HTTP_*. */
const BY_STATUS: Readonly<Record<number, Meaning>> = {
  400: {
    ...OTHER_SERVER,
    blame: 'machine',
    what: 'the server does not understand the HTTP request',
    remedy: `${CHECK_ADDRESS} WinRM says this also where the name in the address is not one that it knows.`,
  },
  403: {
    code: 'winrm-access-denied',
    blame: 'config',
    retryable: false,
    what: 'the server forbids it',
    remedy:
      'Check that IPv4Filter and IPv6Filter of winrm get winrm/config/service let this host in, and that no proxy is in between.',
  },
  404: { ...OTHER_SERVER, what: 'there is no WinRM at this path' },
  405: { ...OTHER_SERVER, what: 'another web server is there, which takes no POST' },
  408: NOT_NOW,
  411: { ...OTHER_SERVER, what: 'another web server or a proxy is there, which wants a length' },
  415: { ...OTHER_SERVER, what: 'another web server is there, which takes no SOAP' },
  429: NOT_NOW,
  500: {
    ...OTHER_SERVER,
    blame: 'machine',
    what: 'it failed without a SOAP fault',
    remedy: `${CHECK_ADDRESS} If they are, look at the machine's event log "Windows Remote Management".`,
  },
  502: { ...NOT_NOW, blame: 'network', what: 'a proxy on the way cannot reach it' },
  503: NOT_NOW,
  504: { ...NOT_NOW, blame: 'network', what: 'a proxy on the way got no answer from it' },
};

/** WinRM's own limit, or that of a proxy. */
const TOO_LARGE = 413;

/**
 * What an HTTP answer says. SOAP faults may come with any status.
 * @param doing for the error: "opening a shell"
 * @throws Fault `winrm-protocol` (not WinRM), `winrm-unreachable` (not now) or one of the table in faults.ts
 */
export function readAnswer(status: number, text: string, doing: string): Answer {
  const { body, why } = readIfSoap(text);
  const fault = readFault(body);
  if (fault !== undefined) {
    if (isTimedOut(fault)) return { timedOut: true };
    throw explainFault(fault, doing);
  }
  if (status !== 200) throw explainStatus(status, text, doing);
  if (why === undefined) return { timedOut: false, body };
  throw isHtml(text) ? anotherServer(text, doing) : notWsman(why, doing);
}

function readIfSoap(text: string): { readonly body?: unknown; readonly why?: string } {
  try {
    return { body: readBody(text) };
  } catch (error) {
    if (error instanceof MalformedAnswer) return { why: error.message };
    throw error;
  }
}

function explainStatus(status: number, text: string, doing: string): Fault {
  const said = `(HTTP status ${status}${quote(text)})`;
  if (status === TOO_LARGE) return tooLowQuota('MaxEnvelopeSizekb', doing, said);
  const meaning = BY_STATUS[status] ?? OTHER_SERVER;
  return new Fault(`WinRM failed while ${doing}: ${meaning.what} ${said}`, meaning);
}

const anotherServer = (text: string, doing: string): Fault =>
  new Fault(`The answer is not WS-Management while ${doing}: it is a web page${quote(text)}`, OTHER_SERVER);

const isHtml = (text: string): boolean => /^\s*(<!DOCTYPE html|<html)/i.test(text);

/** The title of a page, or the beginning of a text. */
function quote(text: string): string {
  const start = text.slice(0, 4096);
  const title = /<title[^>]*>([^<]*)/i.exec(start)?.[1];
  const words = (title ?? start.replace(/<[^>]*>/g, ' ')).replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return words === '' ? '' : `: ${words.slice(0, 100)}`;
}
