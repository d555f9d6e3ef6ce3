import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { describe } from '../../core/errors.ts';
import { hostOf, portOf } from './address.ts';
import { type TroubleCode, trouble } from './troubles.ts';

/** Answers of a proxy that have a meaning of their own; all others are a refusal. */
const BY_STATUS: Readonly<Record<number, TroubleCode>> = {
  407: 'winrm-proxy-authentication',
  502: 'winrm-proxy-no-way',
  503: 'winrm-proxy-no-way',
  504: 'winrm-proxy-no-way',
};

/**
 * Opens a connection to the host of `url`, through the proxy where there is one. Always by CONNECT, for HTTP too:
 * NTLM belongs to one connection from end to end, which a proxy that forwards requests need not keep.
 * @param machine the machine as `name:port`, for errors
 */
export function openTunnel(
  url: URL,
  proxy: URL | undefined,
  machine: string,
  signal: AbortSignal,
): Promise<Duplex> {
  return proxy === undefined ? connect(url, signal) : connectThrough(proxy, url, machine, signal);
}

function connect(url: URL, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    // Not net.connect's own signal: that would end the connection also long after it was made.
    const socket = net.connect({ host: hostOf(url), port: portOf(url), noDelay: true });
    const stop = (): void => void socket.destroy(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', reject);
    socket.once('close', () => signal.removeEventListener('abort', stop));
    socket.once('connect', () => {
      signal.removeEventListener('abort', stop);
      socket.off('error', reject);
      // Until somebody else listens: an error of an idle connection is told by its end.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

function connectThrough(proxy: URL, url: URL, machine: string, signal: AbortSignal): Promise<Duplex> {
  const target = `${url.hostname}:${portOf(url)}`;
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: hostOf(proxy),
      port: portOf(proxy),
      method: 'CONNECT',
      path: target,
      headers: { host: target },
      agent: false,
      signal,
    });
    request.once('error', (error) => {
      reject(signal.aborted ? error : trouble('winrm-proxy-unreachable', machine, describe(error), error));
    });
    request.once('connect', (response, socket, early) => {
      const status = response.statusCode ?? 0;
      if (status === 200) {
        socket.on('error', () => undefined);
        if (early.length > 0) socket.unshift(early);
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(
        trouble(BY_STATUS[status] ?? 'winrm-proxy-refused', machine, `status ${status} of ${proxy.host}`),
      );
    });
    request.end();
  });
}
