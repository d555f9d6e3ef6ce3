import { Fault, type FaultDetail, describe, rootCode } from '../core/errors.ts';
import { quoteForeign } from './foreign-text.ts';
import { RefusedRequest } from './transport.ts';

type Meaning = Omit<FaultDetail, 'cause'> & { readonly what: string };

const SECRET_EXPIRED: Meaning = {
  what: 'The client secret has expired',
  code: 'tenant-secret-expired',
  blame: 'config',
  remedy: 'Make a new client secret for the app registration and put it into the configuration.',
};

const CERTIFICATE_REJECTED: Meaning = {
  what: 'The tenant does not accept the certificate',
  code: 'tenant-certificate-rejected',
  blame: 'config',
  remedy: 'Check that this very certificate is at the app registration, and that it has not ended.',
};

const GRAPH_NOT_THERE: Meaning = {
  what: 'The tenant has no Microsoft Graph at the configured address',
  code: 'tenant-graph-missing',
  blame: 'config',
  remedy:
    'Check that tenant.cloud is the cloud of this tenant; authority and Graph address must fit together.',
};

const TENANT_NOT_FOUND: Meaning = {
  what: 'The tenant does not exist',
  code: 'tenant-not-found',
  blame: 'config',
  remedy: 'Check the tenant id, and that the authority is that of its cloud.',
};

const NO_FEDERATION = {
  code: 'tenant-federation-missing',
  blame: 'tenant',
} as const;

const WRONG_AUDIENCE: Meaning = {
  what: 'No federated credential of the app names the audience of the token of workloadIdentity',
  ...NO_FEDERATION,
  remedy: "Compare the federated credential's audience with the token's (aud).",
};

/**
 * Errors of the token end point by their number (AADSTS...), as far as an app without a user can meet them. Source:
 * Microsoft Entra authentication and authorization error codes; those of federated credentials and 7000229 by their own
 * words.
 */
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
  '50194': {
    what: 'The tenant id stands for any tenant',
    code: 'tenant-not-found',
    blame: 'config',
    remedy: 'Put the id of the one tenant into the configuration, not "common" or "organizations".',
  },
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
  '7000229': {
    what: 'The app has no service principal in this tenant',
    code: 'tenant-app-not-found',
    blame: 'tenant',
    remedy: 'Let an administrator of the tenant consent to the app, which makes its enterprise application.',
  },
  '700027': CERTIFICATE_REJECTED,
  '50012': CERTIFICATE_REJECTED,
  '700024': {
    what: 'What proves the app is not valid at this time',
    code: 'tenant-assertion-expired',
    blame: 'config',
    remedy: 'Set the clock of this host; with workloadIdentity, check that its token file is still renewed.',
  },
  '70021': {
    what: 'No federated credential of the app fits the token of workloadIdentity',
    ...NO_FEDERATION,
    remedy:
      'Add a federated credential for its issuer, subject and audience to the app; a new one takes a while.',
  },
  '700211': {
    what: 'No federated credential of the app names the issuer of the token of workloadIdentity',
    ...NO_FEDERATION,
    remedy: "Compare the federated credential's issuer with the token's (iss), letter by letter.",
  },
  '700212': WRONG_AUDIENCE,
  '7002121': WRONG_AUDIENCE,
  '700213': {
    what: 'No federated credential of the app names the subject of the token of workloadIdentity',
    ...NO_FEDERATION,
    remedy: "Compare the federated credential's subject with the token's (sub), upper and lower case too.",
  },
  '53003': {
    what: 'Conditional Access does not let the app in',
    code: 'tenant-conditional-access',
    blame: 'tenant',
    remedy:
      'Look at the policies for workload identities in the tenant, and from which address this host comes.',
  },
  '650052': GRAPH_NOT_THERE,
  '500011': GRAPH_NOT_THERE,
};

/** Whom a token was asked of. */
export interface TokenOrigin {
  /** The address, for the error. */
  readonly where: string;
  readonly managedIdentity: boolean;
}

/**
 * What went wrong with a token: refused, or never reached the one who gives it. Without the cause, which may hold what
 * was sent.
 * @param error what @azure/identity threw; it may say less than what was noted on the way
 * @param trouble what was noted on the way, if anything
 */
export function explainTokenError(error: unknown, trouble: unknown, origin: TokenOrigin): Fault {
  if (trouble instanceof Fault) return trouble;
  const said = quoteForeign(describe(trouble ?? error), 400);
  if (origin.managedIdentity) return explainManagedIdentity(said, trouble);
  const { where } = origin;
  const number = /AADSTS(\d+)/.exec(said)?.[1];
  if (number === undefined && trouble !== undefined && !(trouble instanceof RefusedRequest)) {
    return explainNetworkError(trouble, where);
  }
  const meaning = BY_AADSTS[number ?? ''];
  if (meaning !== undefined) return new Fault(`${meaning.what} (AADSTS${number}, ${where})`, meaning);
  return new Fault(`The tenant gives no token (${where}): ${said}`, {
    code: 'tenant-refuses-token',
    blame: 'tenant',
    retryable: isPassing(trouble),
    remedy:
      'Look the AADSTS number up at https://login.microsoftonline.com/error, and check tenant id, client id and credential.',
  });
}

/** Too many requests, or a server that is unwell. */
const isPassing = (trouble: unknown): boolean =>
  trouble instanceof RefusedRequest && (trouble.status === 429 || trouble.status >= 500);

/** Only an Azure machine has somebody to ask; elsewhere another program may answer at the same address. */
function explainManagedIdentity(said: string, trouble: unknown): Fault {
  if (isPassing(trouble)) {
    return new Fault(`This machine's managed identity gives no token now: ${said}`, {
      code: 'tenant-refuses-token',
      blame: 'machine',
      retryable: true,
      remedy: 'Try again in some minutes.',
    });
  }
  return new Fault(`This host has no managed identity that could be used: ${said}`, {
    code: 'tenant-no-managed-identity',
    blame: 'config',
    remedy:
      'Run this on the Azure machine to which the identity is assigned (tenant.clientId for one of several), or configure another credential.',
  });
}

/** Codes of OpenSSL and Node that speak of the certificate or the protocol, not of the way. */
const TLS = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO|CRL/;

/**
 * A request that got no answer, or only a part of it. The reason is at the end of the chain that fetch and Node build; it
 * is put into words here, and not kept as the cause, which may hold what was sent.
 */
export function explainNetworkError(error: unknown, where: string): Fault {
  const code = rootCode(error);
  const said = quoteForeign(describe(error), 400);
  const text = code === '' ? said : `${said} [${code}]`;
  if (TLS.test(code)) {
    return new Fault(`No trusted connection to ${where}: ${text}`, {
      code: 'tenant-tls',
      blame: 'network',
      remedy:
        'Something between here and the tenant shows another certificate: check the proxy, or name its authority (ca).',
    });
  }
  if (text.includes('Proxy response')) {
    return new Fault(`The proxy does not let us through to ${where}: ${text}`, {
      code: 'tenant-proxy-refused',
      blame: 'network',
      retryable: text.includes('Proxy response (5'),
      remedy: 'Allow this host at the proxy, and check whether it asks for a sign-in.',
    });
  }
  return new Fault(`The tenant cannot be reached at ${where}: ${text}`, {
    code: 'tenant-unreachable',
    blame: 'network',
    retryable: true,
    remedy: 'Check the network, the proxy and the address of the tenant.',
  });
}

/** A request whose time is up. */
export const noAnswer = (doing: string, limitMs: number): Fault =>
  new Fault(`No answer from the tenant within ${(limitMs / 1000).toFixed(1)} s while ${doing}`, {
    code: 'timed-out',
    blame: 'network',
    retryable: true,
    remedy: 'Check the network and the proxy; when the tenant is slow today, try again later.',
  });

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
  /** The user or mailbox that was asked for by name. */
  readonly subject?: string;
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

const apiMissing = (what: string, said: string): Fault =>
  new Fault(`Graph does not offer ${what} at the configured address (${said})`, {
    code: 'tenant-api-missing',
    blame: 'config',
    remedy: 'Check tenant.cloud and the Graph address; not every cloud has audit logs and reports.',
  });

export function explainRefusal({ status, code, message, what, permission, subject }: GraphRefusal): Fault {
  const said = quoteForeign(`HTTP ${status} ${code}: ${message}`, 300);
  switch (status) {
    case 400:
      return new Fault(`The tenant refuses the question for ${what} (${said})`, {
        code: 'tenant-query-refused',
        blame: 'tenant',
        remedy: 'Check that the Graph address is that of a tenant with this API, and report it when it is.',
      });
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
      if (subject === undefined) return apiMissing(what, said);
      return new Fault(`The tenant does not know ${what} (${said})`, {
        code: 'tenant-user-not-found',
        blame: 'config',
        remedy: `Check ${subject} in the configuration: the tenant has no such user or mailbox.`,
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
  new Fault(`Graph's answer about ${what} is not what was expected: ${why.replace(/\s*\n\s*/g, '; ')}`, {
    code: 'tenant-answer-invalid',
    blame: 'tenant',
    remedy: 'Check that the Graph address is right and that no proxy answers in its place.',
  });
