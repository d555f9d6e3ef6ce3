import type { Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import type { Channel } from './channel.ts';
import type { Facts } from './facts.ts';
import { withHandshakeLogs } from './handshakes.ts';
import { probe } from './probe/run.ts';
import { type Ask, firstAsk, furtherAsks, trustworthy, winInetAsk } from './routes.ts';

export interface PortalHosts {
  /** `passwordreset.microsoftonline.com` */
  readonly portal: string;
  /** Hosts that its pages may load from. */
  readonly extra: readonly string[];
}

/** By then it is known whether the way is silent, so that nobody has to be waited for as long as the first time. */
const FURTHER_SECONDS = 5;

/**
 * The facts of the machine with all that its connections tell: first to the portal alone, as the machine is set up,
 * while Windows logs its handshakes; then to the other hosts and on other ways (see `furtherAsks`).
 * @throws what `probe` and `withHandshakeLogs` throw
 */
export async function readFactsWithPortal(
  channel: Channel,
  { portal, extra }: PortalHosts,
  deadline: Deadline,
): Promise<Facts> {
  const { result: facts, handshakes } = await withHandshakeLogs(channel, portal, deadline, () =>
    probe(channel, { urls: [firstAsk(portal)] }, deadline),
  );
  const asks = furtherAsks(facts, portal, extra);
  const connections = [
    ...facts.connections,
    ...(await connect(channel, winInetAsk(facts, portal), deadline)),
    ...(asks.length === 0 ? [] : await connectAll(channel, asks, deadline)),
  ];
  return { ...facts, handshakes, connections: trustworthy(connections) };
}

const connectAll = async (channel: Channel, asks: readonly Ask[], deadline: Deadline): Promise<Made> =>
  (await probe(channel, { urls: asks, connectionSeconds: FURTHER_SECONDS }, deadline)).connections;
type Made = Facts['connections'];

/**
 * By a script of its own: where a handshake fails, Wine's WinINET takes the whole script down with it. Then it was asked
 * all the same, and was told nothing.
 */
async function connect(channel: Channel, ask: Ask | undefined, deadline: Deadline): Promise<Made> {
  if (ask === undefined) return [];
  try {
    return await connectAll(channel, [ask], deadline);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'probe-failed') throw error;
    return [{ url: ask.url, route: ask.route, stack: 'wininet', ok: false, status: 0, error: '', ms: 0 }];
  }
}
