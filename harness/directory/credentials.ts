import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
  type TokenCredential,
} from '@azure/identity';
import { Fault } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { TenantCredential } from '../core/tenant-credential.ts';
import { nearbyHttpClient, noteTrouble, type Transport } from './transport.ts';

/** Who asks for tokens, and of whom. */
export interface Identity {
  /** `https://login.microsoftonline.com` */
  readonly authority: string;
  readonly tenantId: string;
  /** '' for the managed identity of the machine itself. */
  readonly clientId: string;
  readonly credential: TenantCredential;
}

/**
 * Makes credentials of @azure/identity. Each one remembers its token, so a new one gets a new token, but for managed
 * identities, whose tokens are remembered by the process and by the machine.
 * @throws Fault `tenant-config`, `tenant-certificate-unusable`, `tenant-certificate-password`,
 * `tenant-certificate-expired`; asking for a token notes `tenant-token-file`
 */
export function credentialMaker(identity: Identity, transport: Transport): () => TokenCredential {
  const make = makerOf(identity, transport);
  try {
    make();
  } catch (error) {
    throw new Fault(`Not a tenant and an app: ${error instanceof Error ? error.message : String(error)}`, {
      code: 'tenant-config',
      blame: 'config',
      remedy: 'Check the tenant id, the client id and the credential in the configuration.',
    });
  }
  return make;
}

function makerOf(
  { authority, tenantId, clientId, credential }: Identity,
  transport: Transport,
): () => TokenCredential {
  const options = {
    authorityHost: authority,
    // Else a public end point is asked first whether the authority is one of Microsoft's.
    disableInstanceDiscovery: true,
    httpClient: transport.httpClient,
    retryOptions: { maxRetries: 0 },
  };
  switch (credential.kind) {
    case 'secret':
      return () => new ClientSecretCredential(tenantId, clientId, credential.secret.reveal(), options);
    case 'certificate': {
      const certificate = readCertificate(credential);
      return () => new ClientCertificateCredential(tenantId, clientId, { certificate }, options);
    }
    case 'workloadIdentity':
      // Not WorkloadIdentityCredential, which keeps what it has read for minutes.
      return () =>
        new ClientAssertionCredential(tenantId, clientId, () => readTokenFile(credential.tokenFile), options);
    case 'managedIdentity': {
      refuseDetour(clientId);
      const { retryOptions } = options;
      const nearby = { httpClient: nearbyHttpClient, retryOptions, ...(clientId !== '' && { clientId }) };
      return () => new ManagedIdentityCredential(nearby);
    }
  }
}

/** Whichever token is there now: it is renewed from outside, so it is read anew each time that one is needed. */
async function readTokenFile(file: string): Promise<string> {
  try {
    const token = await readFile(file, 'utf8').catch((error: unknown) => {
      throw tokenFile(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
    });
    if (token.trim() === '') throw tokenFile('is empty');
    // Known from now on as a secret, wherever it should turn up.
    return new Secret(token.trim()).reveal();
  } catch (error) {
    noteTrouble(error);
    throw error;
  }

  function tokenFile(what: string): Fault {
    return new Fault(`The token file ${file} ${what}`, {
      code: 'tenant-token-file',
      blame: 'config',
      // It may be being replaced.
      retryable: true,
      remedy: 'Check tenant.workloadIdentity.tokenFile, and that what should renew the file runs.',
    });
  }
}

/** @azure/identity would take these for a workload identity, and ask with a client of its own that knows no proxy. */
function refuseDetour(clientId: string, environment: NodeJS.ProcessEnv = process.env): void {
  const { AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_FEDERATED_TOKEN_FILE } = environment;
  if (!(clientId || AZURE_CLIENT_ID) || !AZURE_TENANT_ID || !AZURE_FEDERATED_TOKEN_FILE) return;
  throw new Fault('The environment of this process names a workload identity, not a managed identity', {
    code: 'tenant-config',
    blame: 'config',
    remedy: 'Configure tenant.workloadIdentity with the file that AZURE_FEDERATED_TOKEN_FILE names.',
  });
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs;
const PRIVATE_KEY = /-----BEGIN ((?:ENCRYPTED |RSA |EC )?PRIVATE KEY)-----.+?-----END \1-----/s;

/** Shorter ones are refused by what signs. */
const SHORTEST_KEY_BITS = 2048;

/**
 * The certificate and its private key, decrypted, as one PEM, in memory only. @azure/identity would take the first
 * certificate of several, and says of most mistakes only that OpenSSL could not decode something.
 */
function readCertificate({ pem, password }: Extract<TenantCredential, { kind: 'certificate' }>): string {
  const text = pem.reveal();
  const certificates = [...text.matchAll(CERTIFICATE)].map(([one]) => parseCertificate(one));
  if (certificates.length === 0) throw unusable('has no certificate in it');
  const key = readKey(text, password);
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails } = key;
  if (!type.startsWith('rsa'))
    throw unusable(`has a key of type ${type}, which cannot be used here, only RSA`);
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < SHORTEST_KEY_BITS)
    throw unusable(`has a key of ${bits} bits, which is too short; ${SHORTEST_KEY_BITS} are needed`);
  const own = certificates.find((one) => one.checkPrivateKey(key));
  if (!own) throw unusable('has a private key that belongs to none of its certificates');
  if (Date.parse(own.validTo) < Date.now()) {
    throw new Fault(`The app's certificate has ended on ${new Date(own.validTo).toISOString()}`, {
      code: 'tenant-certificate-expired',
      blame: 'config',
      remedy: 'Make a new certificate, and put it into the app registration and tenant.certificate.',
    });
  }
  return `${own.toString()}\n${key.export({ type: 'pkcs8', format: 'pem' }).toString()}`;
}

function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw unusable('has a damaged certificate in it');
  }
}

function readKey(text: string, password: Secret | undefined): KeyObject {
  const [key] = PRIVATE_KEY.exec(text) ?? [];
  if (key === undefined) throw unusable('has no private key in it');
  const encrypted = key.includes('ENCRYPTED');
  if (encrypted && password === undefined) throw locked('is encrypted, and there is no password for it');
  try {
    return createPrivateKey({ key, ...(password !== undefined && { passphrase: password.reveal() }) });
  } catch {
    throw encrypted
      ? locked('cannot be decrypted with its password')
      : unusable('has a damaged private key in it');
  }
}

const unusable = (what: string): Fault =>
  new Fault(`The PEM of the app's certificate ${what}`, {
    code: 'tenant-certificate-unusable',
    blame: 'config',
    remedy: 'Put the certificate and its private key into one PEM, and name it in tenant.certificate.',
  });

const locked = (what: string): Fault =>
  new Fault(`The private key of the app's certificate ${what}`, {
    code: 'tenant-certificate-password',
    blame: 'config',
    remedy: 'Put the password of the private key into tenant.certificatePassword.',
  });
