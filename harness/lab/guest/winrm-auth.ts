import { timingSafeEqual } from 'node:crypto';
import { NtlmHandshake, type NtlmServer } from './ntlm/acceptor.ts';
import { NtlmRefusal, kindOf } from './ntlm/messages.ts';
import type { NtlmSession } from './ntlm/session.ts';
import { Negotiation } from './ntlm/spnego.ts';
import type { WinrmSettings } from './winrm-settings.ts';

/** What the server makes of a request's `Authorization`. */
export type Verdict =
  | { readonly kind: 'refused' }
  /** The client has to answer this, on the same connection. */
  | { readonly kind: 'challenged'; readonly header: string }
  | Admitted;

export interface Admitted {
  readonly kind: 'admitted';
  /** When the connection was authenticated by NTLM. */
  readonly session?: NtlmSession;
  /** Whether this request has brought the proof. */
  readonly now: boolean;
  /** The last word of the handshake. */
  readonly header?: string;
}

/** Basic is good for its request only; NTLM authenticates the TCP connection, and later requests bring nothing. */
export class ConnectionAuthentication {
  #negotiation: Negotiation | undefined;
  #handshake: NtlmHandshake | undefined;
  #session: NtlmSession | undefined;

  constructor(
    private readonly server: NtlmServer,
    private readonly allowed: Pick<WinrmSettings['service'], 'basic' | 'negotiate'>,
    private readonly log: (text: string) => void,
  ) {}

  judge(authorization: string | undefined): Verdict {
    if (authorization === undefined)
      return this.#session ? { kind: 'admitted', session: this.#session, now: false } : { kind: 'refused' };
    const [scheme = '', token = ''] = authorization.trim().split(/\s+/);
    switch (scheme.toLowerCase()) {
      case 'basic':
        return this.allowed.basic && isRightBasic(token, this.server)
          ? { kind: 'admitted', now: true }
          : { kind: 'refused' };
      case 'negotiate':
        return this.allowed.negotiate ? this.#negotiate(token) : { kind: 'refused' };
      default:
        // Windows' WinRM offers no `NTLM`: it is reached through Negotiate only.
        return { kind: 'refused' };
    }
  }

  /** After a message that was not what its sender has sealed. */
  forget(): void {
    this.#session = undefined;
    this.#handshake = undefined;
    this.#negotiation = undefined;
  }

  #negotiate(token: string): Verdict {
    const [negotiation, handshake] = [this.#negotiation ?? new Negotiation(), this.#handshake];
    this.forget();
    try {
      const { message, code } = negotiation.unwrap(Buffer.from(token, 'base64'));
      if (message === undefined || kindOf(message) === 'negotiate') {
        this.#handshake = message && new NtlmHandshake(this.server, message);
        this.#negotiation = negotiation;
        return { kind: 'challenged', header: bearing(negotiation.proceed(this.#handshake?.challenge)) };
      }
      if (!handshake) throw new NtlmRefusal('AUTHENTICATE without a challenge on this connection');
      const session = handshake.accept(message);
      const last = negotiation.finish(session, code);
      this.#session = session;
      return { kind: 'admitted', session, now: true, ...(last && { header: bearing(last) }) };
    } catch (error) {
      if (!(error instanceof NtlmRefusal)) throw error;
      this.log(`WinRM refuses a client: ${error.message}`);
      return { kind: 'refused' };
    }
  }
}

const bearing = (token: Buffer): string => `Negotiate ${token.toString('base64')}`;

/** The values of `WWW-Authenticate`, in the order in which Windows sends them. */
export const offers = ({ basic, negotiate }: WinrmSettings['service']): string[] => [
  ...(negotiate ? ['Negotiate'] : []),
  ...(basic ? ['Basic realm="WSMAN"'] : []),
];

function isRightBasic(token: string, { account, computerName }: NtlmServer): boolean {
  const given = Buffer.from(token, 'base64').toString('utf8');
  const colon = given.indexOf(':');
  const user = given.slice(0, Math.max(colon, 0)).toLowerCase();
  // The account may be written with the machine's name, or a dot, before it.
  const known = [account.user, `${computerName}\\${account.user}`, `.\\${account.user}`].some(
    (name) => name.toLowerCase() === user,
  );
  const right = Buffer.from(account.password);
  const tried = Buffer.from(given.slice(colon + 1));
  return known && tried.length === right.length && timingSafeEqual(tried, right);
}
