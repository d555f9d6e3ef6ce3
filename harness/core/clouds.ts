/**
 * The clouds in which a tenant can be, as data. Source: facts 5.7 (Microsoft Graph, national cloud deployments; the
 * portal of the DoD cloud is inferred).
 */
export const CLOUDS = {
  global: {
    authority: 'https://login.microsoftonline.com',
    graph: 'https://graph.microsoft.com',
    portalHost: 'passwordreset.microsoftonline.com',
    auditLog: true,
  },
  usGov: {
    authority: 'https://login.microsoftonline.us',
    graph: 'https://graph.microsoft.us',
    portalHost: 'passwordreset.microsoftonline.us',
    auditLog: true,
  },
  usGovDoD: {
    authority: 'https://login.microsoftonline.us',
    graph: 'https://dod-graph.microsoft.us',
    portalHost: 'passwordreset.microsoftonline.us',
    auditLog: true,
  },
  china: {
    authority: 'https://login.chinacloudapi.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    portalHost: 'passwordreset.activedirectory.windowsazure.cn',
    // Microsoft lists the audit log's API for the other clouds only.
    auditLog: false,
  },
} as const satisfies Readonly<Record<string, Cloud>>;

export interface Cloud {
  readonly authority: string;
  readonly graph: string;
  readonly portalHost: string;
  /** Whether Microsoft documents that Graph gives the audit log there. */
  readonly auditLog: boolean;
}

export type CloudName = keyof typeof CLOUDS;
export const CLOUD_NAMES = Object.keys(CLOUDS) as [CloudName, ...CloudName[]];
