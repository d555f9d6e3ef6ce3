/**
 * The clouds in which a tenant can be, as data. Source: facts 5.7 (Microsoft Graph, national cloud deployments; the
 * portal of the DoD cloud is inferred).
 */
export const CLOUDS = {
  global: {
    authority: 'https://login.microsoftonline.com',
    graph: 'https://graph.microsoft.com',
    portalHost: 'passwordreset.microsoftonline.com',
    extraHosts: ['ajax.aspnetcdn.com', 'ocsp.digicert.com'],
    auditLog: true,
  },
  usGov: {
    authority: 'https://login.microsoftonline.us',
    graph: 'https://graph.microsoft.us',
    portalHost: 'passwordreset.microsoftonline.us',
    extraHosts: [],
    auditLog: true,
  },
  usGovDoD: {
    authority: 'https://login.microsoftonline.us',
    graph: 'https://dod-graph.microsoft.us',
    portalHost: 'passwordreset.microsoftonline.us',
    extraHosts: [],
    auditLog: true,
  },
  china: {
    authority: 'https://login.chinacloudapi.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    portalHost: 'passwordreset.activedirectory.windowsazure.cn',
    extraHosts: [],
    // Microsoft lists the audit log's API for the other clouds only.
    auditLog: false,
  },
} as const satisfies Readonly<Record<string, Cloud>>;

export interface Cloud {
  readonly authority: string;
  readonly graph: string;
  readonly portalHost: string;
  /** Hosts that the portal's pages load from on Windows 10, where Microsoft names them (facts 1.5: this cloud only). */
  readonly extraHosts: readonly string[];
  /** Whether Microsoft documents that Graph gives the audit log there. */
  readonly auditLog: boolean;
}

export type CloudName = keyof typeof CLOUDS;
export const CLOUD_NAMES = Object.keys(CLOUDS) as [CloudName, ...CloudName[]];
