import { z } from 'zod';
import { type Authority, makeAuthority, type ServerIdentity, type Validity } from './authority.ts';
import type { Proxy } from './proxy.ts';
import { type Limits, type Relay, startRelay } from './relay.ts';

/** What the certificate of the portal may be. */
export const CERTIFICATES = ['proper', 'expired', 'notYetValid', 'otherName', 'untrusted'] as const;
/** What the portal may speak. */
export const PROTOCOLS = ['proper', 'upToTls11', 'onlyTls13', 'onlyEcdheRsaGcm', 'onlyAria'] as const;

/** What can be changed of the way to the portal while the lab runs; a misspelt key is refused. */
export const NetworkChange = z
  .strictObject({
    proxy: z.strictObject({ running: z.literal(true) }),
    inspection: z.strictObject({ on: z.boolean() }),
    portal: z
      .strictObject({
        certificate: z.enum(CERTIFICATES),
        protocol: z.enum(PROTOCOLS),
        reachable: z.boolean(),
      })
      .partial(),
  })
  .partial();

export interface CorporateNetworkOptions {
  readonly proxy: Proxy;
  /** Where the portal and the other names really are. */
  readonly tenantPort: number;
  readonly authority: Authority;
  /** The inspection box's own. */
  readonly inspection: Authority;
  readonly egressAddress: string;
  readonly handshakesFile: string;
  /** Where the inspection box's authority is put, as PEM. */
  readonly inspectionCaFile: string;
  /** Called when the proxy was started again, with another process id than before. */
  readonly onProxyStart: () => void;
}

/** `tcpmux`, which nobody serves: who connects is refused. */
const NOBODYS_PORT = 1;

/** The inspection box's own authority: what a company calls such a thing. */
export const INSPECTION_AUTHORITY = 'Contoso Web Inspection CA';

const ISSUED: Readonly<Record<Exclude<(typeof CERTIFICATES)[number], 'untrusted'>, Issue>> = {
  proper: { hosts: (name) => [name] },
  expired: { hosts: (name) => [name], days: { from: -400, to: -2 } },
  notYetValid: { hosts: (name) => [name], days: { from: 30, to: 120 } },
  otherName: { hosts: () => ['other.contoso.example'] },
};
interface Issue {
  readonly hosts: (name: string) => readonly string[];
  readonly days?: Validity;
}

const LIMITS: Readonly<Record<(typeof PROTOCOLS)[number], Limits>> = {
  proper: { minVersion: 'TLSv1.2' },
  // OpenSSL 3 speaks these only at its lowest level of security.
  upToTls11: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
  onlyTls13: { minVersion: 'TLSv1.3' },
  // Suites that no Windows before 10 has; Wine's Schannel has them.
  onlyEcdheRsaGcm: {
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    ciphers: 'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256',
  },
  // Suites that no Schannel has: the lab's guests meet what those Windows meet with the ones above.
  onlyAria: {
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    ciphers: 'ECDHE-ARIA256-GCM-SHA384:ECDHE-ARIA128-GCM-SHA256',
  },
};

/**
 * What lies between squid and the portal. At first nothing: squid goes straight to the tenant. An inspection box, and a
 * portal with another certificate or other protocols, are relays on the way that squid is told to take instead.
 */
export class CorporateNetwork {
  #inspected = false;
  #reachable = true;
  #certificate: (typeof CERTIFICATES)[number] = 'proper';
  #protocol: (typeof PROTOCOLS)[number] = 'proper';
  #gate!: Relay;
  #box!: Relay;

  private constructor(private readonly options: CorporateNetworkOptions) {}

  static async open(options: CorporateNetworkOptions): Promise<CorporateNetwork> {
    const network = new CorporateNetwork(options);
    const { authority, inspection, egressAddress, handshakesFile } = options;
    const forged = once((name) => inspection.issue([name]));
    network.#gate = await startRelay({
      face: () => ({ identity: network.#portalIdentity, limits: LIMITS[network.#protocol] }),
      upstream: () => ({ port: options.tenantPort, authority: authority.certificate }),
      egressAddress,
      handshakesFile,
    });
    network.#box = await startRelay({
      face: () => ({ identity: (name) => forged(nameOr(name)), limits: LIMITS.proper }),
      upstream: () => ({ port: network.#portalPort, authority: authority.certificate }),
      egressAddress,
      handshakesFile,
    });
    return network;
  }

  change({ proxy, inspection, portal }: z.infer<typeof NetworkChange>): void {
    if (proxy?.running) {
      this.options.proxy.start();
      this.options.onProxyStart();
    }
    this.#inspected = inspection?.on ?? this.#inspected;
    this.#certificate = portal?.certificate ?? this.#certificate;
    this.#protocol = portal?.protocol ?? this.#protocol;
    this.#reachable = portal?.reachable ?? this.#reachable;
    this.#gate.setLimits();
    this.options.proxy.sendTo(this.#inspected && this.#reachable ? this.#box.port : this.#portalPort);
  }

  describe() {
    const { pid } = this.options.proxy;
    return {
      proxy: { running: pid !== 0, pid },
      inspection: { on: this.#inspected, caFile: this.options.inspectionCaFile },
      portal: { certificate: this.#certificate, protocol: this.#protocol, reachable: this.#reachable },
    };
  }

  close(): void {
    this.#gate.close();
    this.#box.close();
  }

  get #portalPort(): number {
    if (!this.#reachable) return NOBODYS_PORT;
    const asItShould = this.#certificate === 'proper' && this.#protocol === 'proper';
    return asItShould ? this.options.tenantPort : this.#gate.port;
  }

  readonly #stranger = lazily(() => makeAuthority('Unknown Issuing CA'));
  readonly #issued = once((key) => {
    const [kind = '', name = ''] = key.split(' ');
    if (kind === 'untrusted') return this.#stranger().issue([name]);
    const { hosts, days } = ISSUED[kind as keyof typeof ISSUED];
    return this.options.authority.issue(hosts(name), days);
  });
  readonly #portalIdentity = (name: string): ServerIdentity =>
    this.#issued(`${this.#certificate} ${nameOr(name)}`);
}

/** A caller that names nobody is shown a certificate all the same. */
const nameOr = (name: string): string => (/^[\w.-]+$/.test(name) ? name : 'localhost');

/** Makes an identity for each key once: it takes openssl a while. */
function once(make: (key: string) => ServerIdentity): (key: string) => ServerIdentity {
  const made = new Map<string, ServerIdentity>();
  return (key) => {
    const identity = made.get(key) ?? make(key);
    made.set(key, identity);
    return identity;
  };
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
