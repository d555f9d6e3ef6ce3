/**
 * What the probe reads in a guest, all in one round trip. The probe only reads: it never judges.
 * A value that could not be read is `unreadable`, never "absent".
 */
export interface Facts {
  readonly schema: 1;
  /** Whether the machine runs scripts. Where it does not, the facts come from reg.exe and wmic, one by one. */
  readonly scriptHost: ScriptHost;
  readonly os: {
    /** `6.1.7601` */
    readonly version: string;
    readonly build: number;
    readonly productName: string;
    /** `Service Pack 1`, or '' */
    readonly servicePack: string;
    readonly architecture: 'x64' | 'x86';
    readonly computerName: string;
    /** Locale of the user interface as a hexadecimal LCID: `0409`. */
    readonly locale: string;
  };
  readonly clock: {
    /** The guest's own clock, ISO 8601 UTC. */
    readonly now: string;
    /** When it was last booted, by its own clock, ISO 8601 UTC. */
    readonly bootedAt: string;
  };
  readonly tls: {
    /** `SCHANNEL\Protocols\TLS 1.2\Client` */
    readonly enabled: Reading<number>;
    readonly disabledByDefault: Reading<number>;
    /** `Internet Settings\WinHttp` `DefaultSecureProtocols`, in the native view and (x64 only) in Wow6432Node. */
    readonly winHttpProtocols: Reading<number>;
    readonly winHttpProtocolsWow64: Reading<number>;
    /** Group policy's `Functions` below `SSL\00010002`. */
    readonly cipherSuiteOrder: Reading<string>;
    /** `SecureProtocols` of WinINET: of the SYSTEM account (`HKU\S-1-5-18`), of the machine, and by policy. */
    readonly systemSecureProtocols: Reading<number>;
    readonly machineSecureProtocols: Reading<number>;
    readonly policySecureProtocols: Reading<number>;
  };
  /** Real connections that the guest made, each in the order asked for. */
  readonly connections: readonly Connection[];
  /** What Windows itself has logged of the handshakes of these connections. */
  readonly handshakes: Handshakes;
  readonly proxy: {
    /** `Internet Settings\Connections` `WinHttpSettings`, in hexadecimal. Decode with `decodeProxySettings`. */
    readonly winHttpSettings: Reading<string>;
    /** The same for WinINET of the SYSTEM account (`HKU\S-1-5-18`). */
    readonly systemProxyEnable: Reading<number>;
    readonly systemProxyServer: Reading<string>;
    readonly systemProxyOverride: Reading<string>;
    readonly systemAutoConfigUrl: Reading<string>;
    /** `Connections` `DefaultConnectionSettings` of SYSTEM, in hexadecimal: what WinINET goes by when it is there. */
    readonly systemConnectionSettings: Reading<string>;
    /** Policy `ProxySettingsPerUser`; 0 makes the settings per machine. */
    readonly perUserPolicy: Reading<number>;
    readonly machineProxyEnable: Reading<number>;
    readonly machineProxyServer: Reading<string>;
    readonly machineProxyOverride: Reading<string>;
    readonly machineAutoConfigUrl: Reading<string>;
  };
  readonly environment: Environment;
  /** Credential provider filters: each may hide providers, the add-in among them. */
  readonly providerFilters: readonly CredentialProvider[];
  /** Ids (`KB...`) of `Win32_QuickFixEngineering`: a second witness of the installed updates. */
  readonly hotFixes: readonly string[];
  /** Update packages with a KB number, from Component Based Servicing. State 112 is installed, 128 permanent. */
  readonly packages: readonly { readonly kb: string; readonly name: string; readonly state: number }[];
  /** Names of the registry marks that say that a restart is pending. */
  readonly rebootPending: readonly string[];
  readonly credentialProviders: readonly CredentialProvider[];
  /** Uninstall entries whose display name or key speaks of the add-in. */
  readonly products: readonly Product[];
  /** `EnableLogging` below the add-in's credential provider key. */
  readonly verboseLogging: Reading<number>;
  /** `Policies\System` `EnableLUA` */
  readonly userAccountControl: Reading<number>;
  /**
   * Names of the parts above that failed as a whole, with the reason. Such a part holds its empty value ('', 0, [],
   * absent), which means nothing: look here before you judge by it.
   */
  readonly failures: Readonly<Record<string, string>>;
}

export type Reading<T> =
  | { readonly state: 'present'; readonly value: T }
  | { readonly state: 'absent' }
  | { readonly state: 'unreadable'; readonly reason: string };

/** To what a machine is joined: `domain` (Active Directory), `azureAd`, `hybrid` (both), or `none`, a workgroup. */
export const JOIN_STATES = ['none', 'domain', 'azureAd', 'hybrid'] as const;
export type JoinState = (typeof JOIN_STATES)[number];

/** What surrounds the logon screen. */
export interface Environment {
  /** `name`: of the domain, or of the workgroup. */
  readonly join: { readonly state: JoinState; readonly name: string };
  /** Profiles of 802.1X, wired and wireless, and when each signs in; '' where the profile does not say. */
  readonly networkSignOns: Reading<readonly NetworkSignOn[]>;
  /** Remote sessions that are active now: their names, `rdp-tcp#0`. */
  readonly remoteSessions: Reading<readonly string[]>;
  /** `fDenyTSConnections`: 0 lets Remote Desktop in. */
  readonly remoteDesktopDenied: Reading<number>;
}

export interface NetworkSignOn {
  /** `dot3svc` for a wired network, `Wlansvc` for a wireless one, with its name where it has one. */
  readonly profile: string;
  readonly type: 'preLogon' | 'postLogon' | '';
}

export interface Handshakes {
  /** Whether Windows was logging handshakes when these connections were made, or why not. */
  readonly logged: { readonly state: 'on' } | { readonly state: 'off'; readonly reason: string };
  readonly seen: readonly Handshake[];
}

/** One handshake as Schannel and CryptoAPI log it; '' and [] for what this Windows does not log. */
export interface Handshake {
  /** The server's name: `passwordreset.microsoftonline.com`. */
  readonly server: string;
  /** `TLS 1.2` */
  readonly protocol: string;
  /** `TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384_P256`, or its number: `0xc028`. */
  readonly cipherSuite: string;
  /** Names of the certificates of the chain, the server's first, the root last. */
  readonly chain: readonly string[];
}

/** Windows Script Host (cscript.exe) as the probe met it. */
export type ScriptHost =
  | { readonly state: 'available' }
  | {
      /**
       * `disabled`: by the registry value in `setting`. `missing`: there is no cscript.exe. `blocked`: it is there and
       * not disabled, but runs not even a script of one line (AppLocker, software restriction policies, TrustPolicy).
       */
      readonly state: 'disabled' | 'blocked' | 'missing';
      /** What the attempt to run a script ended with, and said, in the machine's language. */
      readonly exitCode: number;
      readonly message: string;
      /** `HKEY_LOCAL_MACHINE\\SOFTWARE\\...\\Settings Enabled = REG_DWORD 0x0`, or '' */
      readonly setting: string;
    };

export interface Connection {
  readonly url: string;
  /** `settings`: as the stack is set up; `direct`: past every proxy; else through this proxy, `host:port`. */
  readonly route: string;
  /** Which stack of the guest made it. */
  readonly stack: 'winhttp' | 'wininet';
  readonly ok: boolean;
  /** HTTP status of the answer, or 0 when there was none. */
  readonly status: number;
  /** The error's number, `0x80072f7d`, or ''. */
  readonly error: string;
  readonly ms: number;
}

export interface CredentialProvider {
  /** With braces, upper case. */
  readonly clsid: string;
  readonly name: string;
  readonly disabled: boolean;
  /** `InprocServer32` of the COM class. */
  readonly dll: Reading<string>;
  /** Whether that file exists; `null` when the registration names none. */
  readonly dllExists: boolean | null;
  /** Its file version, `1.0.7.0`; absent when it carries none, or is not there. */
  readonly dllVersion: Reading<string>;
}

export interface Product {
  readonly key: string;
  readonly displayName: string;
  readonly displayVersion: string;
  readonly publisher: string;
  readonly wow64: boolean;
}

/** The class id of the add-in's credential provider (English document, section Troubleshooting). */
export const SSPR_CLSID = '{86D2F0AC-2171-46CF-9998-4E33B3D7FD4F}';
