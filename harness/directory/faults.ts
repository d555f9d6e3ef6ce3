import { Fault, type FaultDetail, describe } from '../core/errors.ts';
import { RefusedRequest } from './transport.ts';

type Meaning = Omit<FaultDetail, 'cause'> & { readonly what: string };

const SECRET_EXPIRED: Meaning = {
  what: 'The client secret has expired',
  code: 'tenant-secret-expired',
  blame: 'config',
  remedy: 'Make a new client secret for the app registration and put it into the configuration.',
};

const TENANT_NOT_FOUND: Meaning = {
  what: 'The tenant does not exist',
  code: 'tenant-not-found',
  blame: 'config',
  remedy: 'Check the tenant id, and that the authority is that of its cloud.',
};

/** Errors of the token end point by their number (AADSTS...). */
const BY_AADSTS: Readonly<Record<string, Meaning>> = {
  '7000215': {
    what: 'The client secret is wrong',
    code: 'tenant-secret-wrong',
    blame: 'config',
    remedy:
      'Put the value of the client secret into the configuration, not its id; make a new one if it is lost.',
  },
  '7000222': SECRET_EXPIRED,
  '700016': {
    what: 'The app is not registered in this tenant',
    code: 'tenant-app-not-found',
    blame: 'config',
    remedy: 'Check the client id, and that the app registration is in this tenant.',
  },
  '90002': TENANT_NOT_FOUND,
  '900023': TENANT_NOT_FOUND,
  '7000218': {
    what: 'The tenant got no client secret',
    code: 'tenant-secret-wrong',
    blame: 'config',
    remedy: 'Put a client secret into the configuration.',
  },
  '7000112': {
    what: 'The app is disabled',
    code: 'tenant-app-disabled',
    blame: 'tenant',
    remedy: 'Enable the enterprise application for sign-in in the tenant.',
  },
};

/**
 * What went wrong with a token: refused by the tenant, or never reached it.
 * @param error what @azure/identity threw; it may say less than the transport saw
 */
export function explainTokenError(error: unknown, transportError: unknown, where: string): Fault {
  const text =
    transportError === undefined ? describe(error) : `${describe(error)}: ${describe(transportError)}`;
  const number = /AADSTS(\d+)/.exec(text)?.[1];
  if (number === undefined && transportError !== undefined && !(transportError instanceof RefusedRequest)) {
    return explainNetworkError(transportError, where);
  }
  const meaning = BY_AADSTS[number ?? ''];
  if (meaning !== undefined) {
    return new Fault(`${meaning.what} (AADSTS${number}, ${where})`, { ...meaning, cause: error });
  }
  return new Fault(`The tenant gives no token (${where}): ${text}`, {
    code: 'tenant-refuses-token',
    blame: 'tenant',
    remedy:
      'Look the AADSTS number up at https://login.microsoftonline.com/error, and check tenant id, client id and secret.',
    cause: error,
  });
}

/** Codes of OpenSSL and Node that speak of the certificate or the protocol, not of the way. */
const TLS = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO|CRL/;

/** A request that got no answer. The cause is at the end of the chain that fetch and Node build. */
export function explainNetworkError(error: unknown, where: string): Fault {
  const { code, text } = rootCause(error);
  if (TLS.test(code)) {
    return new Fault(`No trusted connection to ${where}: ${text}`, {
      code: 'tenant-tls',
      blame: 'network',
      remedy:
        'Something between here and the tenant shows another certificate: check the proxy, or name its authority (ca).',
      cause: error,
    });
  }
  if (text.includes('Proxy response')) {
    return new Fault(`The proxy does not let us through to ${where}: ${text}`, {
      code: 'tenant-proxy-refused',
      blame: 'network',
      remedy: 'Allow this host at the proxy, and check whether it asks for a sign-in.',
      cause: error,
    });
  }
  return new Fault(`The tenant cannot be reached at ${where}: ${text}`, {
    code: 'tenant-unreachable',
    blame: 'network',
    retryable: true,
    remedy: 'Check the network, the proxy and the address of the tenant.',
    cause: error,
  });
}

function rootCause(error: unknown): { code: string; text: string } {
  let at = error;
  let code = '';
  for (let depth = 0; at instanceof Error && depth < 5; depth++) {
    code = (at as NodeJS.ErrnoException).code ?? code;
    at = at.cause;
  }
  return { code, text: code === '' ? describe(error) : `${describe(error)} [${code}]` };
}

/** What Graph refused, by its HTTP status. */
export interface GraphRefusal {
  readonly status: number;
  /** `Authorization_RequestDenied` */
  readonly code: string;
  readonly message: string;
  /** What was asked for, for a person: "the audit log". */
  readonly what: string;
  /** Application permission that is needed for it. */
  readonly permission: string;
}

/** Reports of a tenant without licence, also when the app may not read licences (Directory.Read.All). */
const NOT_PREMIUM = 'Authentication_RequestFromNonPremiumTenantOrB2CTenant';

const licenceMissing = (what: string, said: string): Fault =>
  new Fault(`Graph gives ${what} only to tenants with Azure AD Premium (${said})`, {
    code: 'tenant-licence-missing',
    blame: 'tenant',
    remedy:
      'Get an Azure AD Premium P1 or P2 licence for the tenant; if it has one, grant the app Directory.Read.All.',
  });

export function explainRefusal({ status, code, message, what, permission }: GraphRefusal): Fault {
  const said = `HTTP ${status} ${code}: ${message}`;
  switch (status) {
    case 401:
      return new Fault(`Graph does not accept the token for ${what} (${said})`, {
        code: 'tenant-token-rejected',
        blame: 'tenant',
        remedy:
          'Check that authority and Graph address belong to the same cloud, and the clock of this host.',
      });
    case 403:
      if (code === NOT_PREMIUM) return licenceMissing(what, said);
      return new Fault(`The app may not read ${what} (${said})`, {
        code: 'tenant-permission-missing',
        blame: 'tenant',
        remedy: `Add the application permission ${permission} to the app registration and grant admin consent; reports also need a P1 or P2 licence.`,
      });
    case 404:
      return new Fault(`The tenant does not know ${what} (${said})`, {
        code: 'tenant-user-not-found',
        blame: 'config',
        remedy: 'Check the user principal name or mailbox in the configuration.',
      });
    case 429:
      return new Fault(`The tenant asks us to slow down while reading ${what} (${said})`, {
        code: 'tenant-throttled',
        blame: 'tenant',
        retryable: true,
        remedy: 'Wait some minutes; other programs of the same app registration count too.',
      });
    default:
      return new Fault(`Graph failed while reading ${what} (${said})`, {
        code: 'tenant-failed',
        blame: 'tenant',
        retryable: status >= 500,
        remedy: 'Try again later; look at the service health of the tenant when it stays.',
      });
  }
}

export const invalidAnswer = (what: string, why: string): Fault =>
  new Fault(`Graph's answer about ${what} is not what was expected: ${why}`, {
    code: 'tenant-answer-invalid',
    blame: 'tenant',
    remedy: 'Check that the Graph address is right and that no proxy answers in its place.',
  });
