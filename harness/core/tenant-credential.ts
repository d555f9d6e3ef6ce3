import type { Secret } from './secret.ts';

/** By what an app proves to the tenant who it is. */
export type TenantCredential =
  | { readonly kind: 'secret'; readonly secret: Secret }
  /** PEM with the certificate and its private key, in one. */
  | { readonly kind: 'certificate'; readonly pem: Secret; readonly password?: Secret }
  /** A token of somebody whom the tenant trusts (federated credential), in a file that is renewed from outside. */
  | { readonly kind: 'workloadIdentity'; readonly tokenFile: string }
  /** Given by the Azure machine on which this runs. */
  | { readonly kind: 'managedIdentity' };
