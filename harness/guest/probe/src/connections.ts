import type { Connection } from '../../facts.ts';
import { errorNumber, hex } from './errors.ts';

/** ERROR_WINHTTP_TIMEOUT, for a wait that we end ourselves. */
const TIMED_OUT = '0x80072ee2';

/** HTTPREQUEST_PROXY_SETTING of WinHttpRequest. */
const DIRECT = 1;
const NAMED_PROXY = 2;

/** An answer of a stack: a status, or the number of an error. */
interface Answer {
  readonly status: number;
  readonly error: string;
}

/**
 * Makes the connections of the command line: a URL is asked for with both stacks of Windows as they are set up,
 * `direct URL` and `host:port URL` with WinHTTP on this route, `settings URL` and `wininet URL` with one of the two.
 */
export function connectAll(asks: readonly string[], timeoutSeconds: number): Connection[] {
  const connections: Connection[] = [];
  for (const ask of asks) {
    const words = ask.split(' ');
    const url = words[words.length - 1] as string;
    const way = words.length > 1 ? (words[0] as string) : 'both';
    let silent = false;
    if (way !== 'wininet') {
      const route = way === 'both' ? 'settings' : way;
      const winhttp = timed(url, route, 'winhttp', () => askWinHttp(url, route, timeoutSeconds));
      connections.push(winhttp);
      silent = winhttp.error === TIMED_OUT;
    }
    // This stack has no time limit: where the first one met silence, it would hang.
    if (way === 'wininet' || (way === 'both' && !silent)) {
      connections.push(timed(url, 'settings', 'wininet', () => askWinInet(url)));
    }
  }
  return connections;
}

function timed(url: string, route: string, stack: Connection['stack'], ask: () => Answer): Connection {
  const start = new Date().getTime();
  const answer = attempt(ask);
  return {
    url: url,
    route: route,
    stack: stack,
    ok: answer.status >= 200 && answer.status < 400,
    status: answer.status,
    error: answer.error,
    ms: new Date().getTime() - start,
  };
}

function attempt(ask: () => Answer): Answer {
  try {
    return ask();
  } catch (error) {
    const number = errorNumber(error);
    if (number === '') throw error;
    return { status: 0, error: number };
  }
}

function askWinHttp(url: string, route: string, timeoutSeconds: number): Answer {
  const request = new ActiveXObject('WinHttp.WinHttpRequest.5.1');
  if (route === 'direct') request.SetProxy(DIRECT);
  else if (route !== 'settings') request.SetProxy(NAMED_PROXY, route);
  request.Open('GET', url, true);
  // Through a proxy, Wine would reuse the tunnel to another target.
  request.SetRequestHeader('Connection', 'close');
  request.Send();
  if (request.WaitForResponse(timeoutSeconds)) return { status: request.Status, error: '' };
  request.Abort();
  return { status: 0, error: TIMED_OUT };
}

function askWinInet(url: string): Answer {
  const request = new ActiveXObject('MSXML2.XMLHTTP.6.0');
  request.open('GET', url, false);
  // An answer from the cache would prove nothing.
  request.setRequestHeader('If-Modified-Since', 'Sat, 01 Jan 2000 00:00:00 GMT');
  request.setRequestHeader('Pragma', 'no-cache');
  request.send();
  // WinINET may put the number of an error where the status belongs.
  const status = request.status;
  return status < 12000 ? { status: status, error: '' } : { status: 0, error: hex(0x80070000 + status) };
}
