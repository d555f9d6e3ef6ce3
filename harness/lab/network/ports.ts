import { createServer, type AddressInfo } from 'node:net';
import { Fault } from '../../core/errors.ts';

/**
 * A port of 127.0.0.1 that nobody listens on: the wanted one, or any when 0 is wanted.
 * @param what whose port it is, for the error: "the lab's proxy"
 * @throws Fault `port-in-use`
 */
export const freePort = (wanted: number, what: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => reject(portInUse(wanted, what, error)));
    probe.listen(wanted, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

/** The error of a listener that could not have its port. */
export const portInUse = (port: number, what: string, cause: NodeJS.ErrnoException): Fault =>
  new Fault(
    cause.code === 'EADDRINUSE'
      ? `Port ${port}, wanted for ${what}, is in use`
      : `Port ${port} cannot be had for ${what}`,
    {
      code: cause.code === 'EADDRINUSE' ? 'port-in-use' : 'port-unavailable',
      blame: 'config',
      remedy: `Free port ${port}, choose another one, or leave it out so that a free one is found.`,
      cause,
    },
  );
