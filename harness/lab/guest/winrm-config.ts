import type { WinrmSettings } from './winrm-settings.ts';

/*
 * The configuration of the WinRM service as XML, whole or in parts (MS-WSMV 2.2.4.10 ConfigType, 2.2.4.36 ServiceType,
 * 2.2.4.42 WinrsType). The order of elements is that of the schemas.
 */

const CONFIG_URI = 'http://schemas.microsoft.com/wbem/wsman/1/config';

interface Branch {
  readonly [name: string]: Value;
}
type Value = string | number | boolean | undefined | Branch;

const UNLIMITED = 4_294_967_295;
const PORTS: Branch = { HTTP: 5985, HTTPS: 5986 };
/** Administrators may do everything; access is audited. */
const ROOT_SDDL = 'O:NSG:BAD:P(A;;GA;;;BA)S:P(AU;FA;GA;;;WD)(AU;SA;GWGX;;;WD)';

function tree({ maxEnvelopeSizeKb, maxTimeoutMs, service, winrs }: WinrmSettings): Branch {
  return {
    MaxEnvelopeSizekb: maxEnvelopeSizeKb,
    MaxTimeoutms: maxTimeoutMs,
    MaxBatchItems: 32_000,
    MaxProviderRequests: UNLIMITED,
    Client: {
      NetworkDelayms: 5000,
      URLPrefix: 'wsman',
      AllowUnencrypted: false,
      Auth: {
        Basic: true,
        Digest: true,
        Kerberos: true,
        Negotiate: true,
        Certificate: true,
        CredSSP: false,
      },
      DefaultPorts: PORTS,
      TrustedHosts: '',
    },
    Service: {
      RootSDDL: ROOT_SDDL,
      MaxConcurrentOperations: UNLIMITED,
      MaxConcurrentOperationsPerUser: service.maxConcurrentOperationsPerUser,
      EnumerationTimeoutms: service.enumerationTimeoutMs,
      MaxConnections: service.maxConnections,
      MaxPacketRetrievalTimeSeconds: 120,
      AllowUnencrypted: service.allowUnencrypted,
      Auth: {
        Basic: service.basic,
        Kerberos: true,
        Negotiate: service.negotiate,
        Certificate: false,
        CredSSP: false,
        CbtHardeningLevel: 'Relaxed',
      },
      DefaultPorts: PORTS,
      IPv4Filter: '*',
      IPv6Filter: '*',
      EnableCompatibilityHttpListener: false,
      EnableCompatibilityHttpsListener: false,
      CertificateThumbprint: '',
      AllowRemoteAccess: service.allowRemoteAccess,
    },
    Winrs: {
      AllowRemoteShellAccess: winrs.allowRemoteShellAccess,
      IdleTimeout: winrs.idleTimeoutMs,
      MaxConcurrentUsers: winrs.maxConcurrentUsers,
      // Read-only and without effect since WinRM 2.0.
      MaxShellRunTime: 2_147_483_647,
      MaxProcessesPerShell: winrs.maxProcessesPerShell,
      MaxMemoryPerShellMB: winrs.maxMemoryPerShellMb,
      MaxShellsPerUser: winrs.maxShellsPerUser,
    },
  };
}

/** @param uri the configuration's own, or that of a part: `.../config/service/auth`. @returns undefined when there is none */
export function configXml(settings: WinrmSettings, uri: string): string | undefined {
  if (!uri.toLowerCase().startsWith(CONFIG_URI)) return undefined;
  const path = uri.slice(CONFIG_URI.length).split('/').slice(1);
  let name = 'Config';
  let part: Value = tree(settings);
  for (const step of path) {
    if (typeof part !== 'object') return undefined;
    const found: [string, Value] | undefined = Object.entries(part).find(
      ([key]) => key.toLowerCase() === step.toLowerCase(),
    );
    if (!found) return undefined;
    [name, part] = found;
  }
  return typeof part === 'object'
    ? element(name, part, ` xmlns:cfg="${CONFIG_URI}" xml:lang="en-US"`)
    : undefined;
}

function element(name: string, value: Value, attributes = ''): string {
  if (value === undefined) return '';
  const inner =
    typeof value === 'object'
      ? Object.entries(value)
          .map(([child, content]) => element(child, content))
          .join('')
      : String(value);
  return `<cfg:${name}${attributes}>${inner}</cfg:${name}>`;
}
