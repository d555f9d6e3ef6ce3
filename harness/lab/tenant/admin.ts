import type { z } from 'zod';
import type { Secret } from '../../core/secret.ts';
import {
  ApplicationChange,
  changeApplication,
  ChangeRefused,
  changeTenant,
  changeUser,
  describeApplication,
  describeFaults,
  describeNoise,
  describeTenant,
  describeUser,
  FaultOrder,
  ForeignResetOrder,
  MailOrder,
  makeNoise,
  NoiseOrder,
  readChange,
  resetAsAnother,
  sendForeignCode,
  TenantChange,
  UserChange,
} from './admin-changes.ts';
import { ADMIN_PATH, answerAdminPage } from './admin-page.ts';
import { type CorporateNetwork, NetworkChange } from '../network/corporate.ts';
import { json, type Reply, type Request } from './http.ts';
import { sameSecret } from './same-secret.ts';
import type { Tenant } from './tenant.ts';

/**
 * The lab's own side door, for looking at the tenant and for seeding faults (docs/lab.md has the list): JSON for who
 * brings the token as a bearer, a page for a browser. Undefined when the path is none of its own.
 */
export function answerAdmin(
  tenant: Tenant,
  token: Secret,
  request: Request,
  network?: CorporateNetwork,
): Reply | undefined {
  const { pathname } = request.url;
  if (!pathname.startsWith(ADMIN_PATH)) return undefined;
  const parts = pathname.slice(ADMIN_PATH.length).split('/').map(decode);
  if (parts[0] === '' || parts[0] === 'page') return answerAdminPage(tenant, token, request);

  const [scheme, given = ''] = (request.headers.authorization ?? '').split(' ');
  if (scheme !== 'Bearer' || !sameSecret(given, token.reveal())) {
    return json(401, { error: 'wrong admin token' });
  }
  const methods = parts[0] === 'network' ? methodsOfNetwork(network, parts) : methodsOf(tenant, parts);
  if (!methods) return json(404, { error: `no such thing: ${pathname}` });
  const method = methods[request.method as Method];
  if (!method) {
    const allowed = Object.keys(methods).join(', ');
    return json(405, { error: `${request.method} is not offered, only ${allowed}` }, { allow: allowed });
  }
  try {
    return json(200, method(request.body));
  } catch (error) {
    if (error instanceof ChangeRefused) return json(400, { error: error.message });
    throw error;
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

type Method = 'GET' | 'POST' | 'DELETE';

/** What a thing offers. Each answers with what is the case afterwards. */
type Methods = Readonly<Partial<Record<Method, (body: string) => unknown>>>;

/** The network before the tenant, where there is one. */
function methodsOfNetwork(
  network: CorporateNetwork | undefined,
  parts: readonly string[],
): Methods | undefined {
  if (!network || parts.length > 1) return undefined;
  const GET = () => network.describe();
  return { GET, POST: taking(NetworkChange, (change) => network.change(change), GET) };
}

function methodsOf(tenant: Tenant, [kind = '', name, what]: readonly string[]): Methods | undefined {
  if (kind === 'users' && name !== undefined) {
    const account = tenant.account(name);
    if (!account) return undefined;
    const GET = () => describeUser(tenant, account);
    if (what === undefined) {
      return { GET, POST: taking(UserChange, (change) => changeUser(tenant, account, change), GET) };
    }
    if (what === 'foreign-code')
      return { POST: taking(MailOrder, (order) => sendForeignCode(tenant, account, order), GET) };
    if (what !== 'foreign-reset') return undefined;
    return { POST: taking(ForeignResetOrder, (order) => resetAsAnother(tenant, account, order), GET) };
  }
  if (name !== undefined) return undefined;
  switch (kind) {
    case 'users':
      return { GET: () => tenant.accounts.map((account) => describeUser(tenant, account)) };
    case 'tenant': {
      const GET = () => describeTenant(tenant);
      return { GET, POST: taking(TenantChange, (change) => changeTenant(tenant, change), GET) };
    }
    case 'application': {
      const GET = () => describeApplication(tenant);
      return { GET, POST: taking(ApplicationChange, (change) => changeApplication(tenant, change), GET) };
    }
    case 'noise': {
      const GET = () => describeNoise(tenant);
      const DELETE = () => (tenant.audits.clearNoise(), GET());
      return { GET, POST: taking(NoiseOrder, (order) => makeNoise(tenant, order), GET), DELETE };
    }
    case 'faults': {
      const GET = () => describeFaults(tenant);
      const DELETE = () => (tenant.faults.clear(), GET());
      return { GET, POST: taking(FaultOrder, (faults) => tenant.faults.add(faults), GET), DELETE };
    }
    default:
      return undefined;
  }
}

/** A change that reads the body. */
const taking =
  <T>(schema: z.ZodType<T>, apply: (value: T) => void, outcome: () => unknown) =>
  (body: string): unknown => {
    apply(readChange(schema, parseJson(body)));
    return outcome();
  };

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new ChangeRefused(`expected JSON, found ${JSON.stringify(body.slice(0, 40))}`);
  }
}
