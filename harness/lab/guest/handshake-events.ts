import { type HandshakeRecord, certificatesIn } from '../network/handshakes.ts';
import { CAPI2_LOG, type NewEvent } from './event-log.ts';
import { escapeXml } from './xml.ts';

/** How this Windows is set up to log handshakes, and whom it trusts. */
export interface HandshakeLogging {
  /** `EventLogging` of SCHANNEL; Windows takes 1 when it is not set. */
  readonly schannel: number;
  /** Whether the log of CryptoAPI is enabled. */
  readonly capi2: boolean;
  /** SHA-1 of the trusted roots, in upper-case hexadecimal. */
  readonly roots: readonly string[];
  /** Windows 8 and later name the server and its certificate in Schannel's events. */
  readonly namesServer: boolean;
}

/** The bit of `EventLogging` for what went well. */
const INFORMATIONAL = 4;
/** CERT_TRUST_STATUS */
const NOT_TIME_VALID = 0x1;
const UNTRUSTED_ROOT = 0x20;
const CERT_E_EXPIRED = 0x800b0101;
const CERT_E_UNTRUSTEDROOT = 0x800b0109;

/** What Windows would write into its logs about one handshake of a client. */
export function handshakeEvents(handshake: HandshakeRecord, logging: HandshakeLogging): NewEvent[] {
  return [
    ...((logging.schannel & INFORMATIONAL) !== 0 ? [schannelEvent(handshake, logging)] : []),
    ...(logging.capi2 ? [chainEvent(handshake, logging)] : []),
  ];
}

function schannelEvent(handshake: HandshakeRecord, { namesServer }: HandshakeLogging): NewEvent {
  const suite = `0x${handshake.cipherSuite.toString(16).toUpperCase()}`;
  const [certificate] = certificatesIn(handshake.chain);
  const data = {
    Type: 'client',
    Protocol: handshake.protocol,
    CipherSuite: suite,
    ExchangeStrength: handshake.exchangeBits.toString(),
    ...(namesServer
      ? {
          TargetName: handshake.server,
          // Windows writes a name from its last part to its first.
          RemoteCertSubjectName: certificate?.subject.split('\n').reverse().join(', ') ?? '',
        }
      : {}),
  };
  const fields = Object.entries(data).map(
    ([name, value]) => `<Data Name='${name}'>${escapeXml(value)}</Data>`,
  );
  return {
    log: 'System',
    source: 'Schannel',
    id: 36880,
    at: handshake.at,
    message:
      'An SSL client handshake completed successfully. The negotiated cryptographic parameters are as follows.\n\n' +
      `   Protocol: ${handshake.protocol}\n   CipherSuite: ${suite}\n   Exchange strength: ${handshake.exchangeBits}`,
    data: `<EventData>${fields.join('')}</EventData>`,
  };
}

/** What CryptoAPI says of the chain that it built: its certificates, and what is wrong with them. */
function chainEvent(handshake: HandshakeRecord, { roots }: HandshakeLogging): NewEvent {
  const certificates = certificatesIn(handshake.chain);
  const named = certificates.map((certificate) => ({
    file: `${certificate.fingerprint.replaceAll(':', '')}.cer`,
    // The name for display: the common name, or the organisation's.
    name: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? /^O=(.*)$/m.exec(certificate.subject)?.[1] ?? '',
    error: certificates.length > 0 && !isInTime(certificate, handshake.at) ? NOT_TIME_VALID : 0,
  }));
  const root = certificates.at(-1)?.fingerprint.replaceAll(':', '') ?? '';
  const untrusted = roots.includes(root) ? 0 : UNTRUSTED_ROOT;
  const errors = named.map(({ error }, i) => error | (i === named.length - 1 ? untrusted : 0));
  const all = errors.reduce((sum, error) => sum | error, 0);
  const tag = ({ file, name }: { file: string; name: string }): string =>
    `<Certificate fileRef="${file}" subjectName="${escapeXml(name)}"/>`;
  const status = (error: number): string =>
    `<TrustStatus><ErrorStatus value="${error.toString(16).toUpperCase()}"/><InfoStatus value="0"/></TrustStatus>`;
  const elements = named.map((one, i) => `<ChainElement>${tag(one)}${status(errors[i] ?? 0)}</ChainElement>`);
  const result = all === 0 ? 0 : (all & UNTRUSTED_ROOT) !== 0 ? CERT_E_UNTRUSTEDROOT : CERT_E_EXPIRED;
  return {
    log: CAPI2_LOG,
    source: 'Microsoft-Windows-CAPI2',
    id: 11,
    at: handshake.at,
    level: all === 0 ? 'Information' : 'Error',
    message: 'For more details for this event, please refer to the "Details" section',
    data:
      `<UserData><CertGetCertificateChain>${named.slice(0, 1).map(tag).join('')}` +
      `<CertificateChain>${status(all)}${elements.join('')}</CertificateChain>` +
      `<Result value="${result.toString(16).toUpperCase()}"/></CertGetCertificateChain></UserData>`,
  };
}

const isInTime = ({ validFrom, validTo }: { validFrom: string; validTo: string }, at: string): boolean =>
  Date.parse(validFrom) <= Date.parse(at) && Date.parse(at) <= Date.parse(validTo);
