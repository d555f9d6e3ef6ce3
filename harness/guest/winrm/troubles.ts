import { type Blame, Fault } from '../../core/errors.ts';

interface Trouble {
  readonly blame: Blame;
  readonly retryable?: boolean;
  /** What is wrong, after the name of the machine. */
  readonly what: string;
  readonly remedy: string;
}

const CHECK_CERTIFICATE =
  "If this fingerprint is the machine's own, pin it (winrmFingerprint of the machine), or name its authority (winrm.certificateAuthority).";

/** What may go wrong on the way to the service, before a request is understood. */
const TROUBLES = {
  'winrm-unreachable': {
    blame: 'machine',
    retryable: true,
    what: 'does not answer as WinRM',
    remedy:
      'Check that the machine runs, that its WinRM service is started and that no firewall is in between.',
  },
  'winrm-unauthorized': {
    blame: 'config',
    what: 'refuses this user name and password',
    remedy:
      'Check the WinRM user and password, and that the machine allows this scheme: winrm get winrm/config/service/auth.',
  },
  'winrm-no-scheme': {
    blame: 'config',
    what: 'offers no way to log on that can be used here',
    remedy:
      'Allow NTLM on the machine: winrm set winrm/config/service/auth @{Negotiate="true"}; for Kerberos run on a Windows host with winrm.authentication: kerberos.',
  },
  'winrm-scheme-elsewhere': {
    blame: 'harness',
    what: 'is to be reached by a way of logging on that only PowerShell of a Windows host knows',
    remedy: 'Use winrm.authentication: ntlm or basic, or run on a Windows host.',
  },
  'winrm-basic-in-clear': {
    blame: 'config',
    what: 'offers only Basic over HTTP, which would send the password in the clear',
    remedy:
      'Use HTTPS, allow Negotiate on the machine, or allow it explicitly with winrm.authentication: basic.',
  },
  'winrm-clear-refused': {
    blame: 'config',
    what: 'takes no messages in the clear, and Basic over HTTP cannot encrypt them',
    remedy:
      'Use winrm.authentication: ntlm, or HTTPS (rather than AllowUnencrypted of winrm/config/service).',
  },
  'winrm-downgrade': {
    blame: 'network',
    what: 'does not agree to protect the messages',
    remedy:
      'Use HTTPS, or allow NTLMv2 with 128-bit encryption in the security policy of the machine; otherwise look for somebody in between.',
  },
  'winrm-not-sealed': {
    blame: 'network',
    what: 'answers in the clear where the answer must be sealed',
    remedy: 'Look for a proxy or another server in between, or use HTTPS.',
  },
  'winrm-broken-seal': {
    blame: 'network',
    retryable: true,
    what: 'sent an answer that it has not sealed, or that was altered on the way',
    remedy: 'Look for a proxy or somebody in between, or use HTTPS.',
  },
  'winrm-tls': {
    blame: 'machine',
    what: 'cannot agree on TLS with us',
    remedy:
      'Check that the port is that of HTTPS (5986), and turn on TLS 1.2 for servers: SCHANNEL\\Protocols\\TLS 1.2\\Server, or use HTTP with NTLM, which is encrypted as well.',
  },
  'winrm-certificate-untrusted': {
    blame: 'config',
    what: 'has a certificate of an authority that we do not know',
    remedy: CHECK_CERTIFICATE,
  },
  'winrm-certificate-self-signed': {
    blame: 'config',
    what: 'has a certificate that it signed itself',
    remedy: CHECK_CERTIFICATE,
  },
  'winrm-certificate-expired': {
    blame: 'machine',
    what: 'has a certificate that has expired',
    remedy: "Renew the machine's certificate, and check the clock of this host.",
  },
  'winrm-certificate-not-yet-valid': {
    blame: 'machine',
    what: 'has a certificate that is not valid yet',
    remedy: 'Check the clocks of this host and of the machine.',
  },
  'winrm-certificate-name': {
    blame: 'config',
    what: 'has a certificate for another name',
    remedy: `Use the name that the certificate was made for. ${CHECK_CERTIFICATE}`,
  },
  'winrm-certificate-fingerprint': {
    blame: 'network',
    what: 'has another certificate than the pinned one',
    remedy:
      'If its certificate was renewed, change winrmFingerprint of the machine; otherwise look for somebody in between.',
  },
  'winrm-certificate-authority': {
    blame: 'config',
    what: 'cannot be checked: what is given as its authority is no certificate in PEM form',
    remedy: 'Name a file that begins with -----BEGIN CERTIFICATE----- as winrm.certificateAuthority.',
  },
  'winrm-proxy-unreachable': {
    blame: 'network',
    retryable: true,
    what: 'cannot be reached, the proxy does not answer',
    remedy: 'Check winrm.proxy, and that the proxy runs.',
  },
  'winrm-proxy-authentication': {
    blame: 'network',
    what: 'cannot be reached, the proxy asks for a password of its own',
    remedy: 'Let the proxy pass this host without one, or take a way without proxy.',
  },
  'winrm-proxy-refused': {
    blame: 'network',
    what: 'cannot be reached, the proxy refuses',
    remedy: 'Let the proxy pass CONNECT to the WinRM port (5985, 5986) of this machine; many allow 443 only.',
  },
  'winrm-proxy-no-way': {
    blame: 'machine',
    retryable: true,
    what: 'cannot be reached from the proxy',
    remedy:
      'Check that the machine runs, that its WinRM service is started, and that the proxy can reach it.',
  },
} as const satisfies Record<string, Trouble>;

export type TroubleCode = keyof typeof TROUBLES;

/**
 * @param host the machine, as `name:port`
 * @param found what was seen, for the reader
 */
export function trouble(code: TroubleCode, host: string, found = '', cause?: unknown): Fault {
  const { what, ...detail }: Trouble = TROUBLES[code];
  return new Fault(`${host} ${what}${found && `: ${found}`}`, { code, ...detail, cause });
}
