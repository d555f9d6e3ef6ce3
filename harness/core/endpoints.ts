import type { Secret } from './secret.ts';

/** How a WinRM client proves who it is. `auto`: NTLM where the machine offers it, Basic where nobody can listen. */
export const WINRM_AUTHENTICATIONS = ['auto', 'ntlm', 'basic', 'negotiate', 'kerberos'] as const;
export type WinrmAuthentication = (typeof WINRM_AUTHENTICATIONS)[number];

/** How to reach the WinRM service of a machine, and as whom. */
export interface WinrmEndpoint {
  /** `http://127.0.0.1:5985/wsman`, or `https:` for port 5986. */
  readonly url: string;
  /** `vagrant`, `DOMAIN\name` or `name@domain`. */
  readonly user: string;
  readonly password: Secret;
  /** `auto` when missing. `negotiate` and `kerberos` go through PowerShell of a Windows host. */
  readonly authentication?: WinrmAuthentication;
  /** HTTPS: PEM of the authority that signed the machine's certificate. */
  readonly ca?: string;
  /** HTTPS: SHA-256 of the machine's certificate in hexadecimal; colons and case do not matter. Replaces `ca`. */
  readonly fingerprint?: string;
  /** An HTTP proxy on the way: `http://proxy.example:3128`. */
  readonly proxy?: string;
}

/** A machine's screen, keyboard and mouse as a VNC server offers them. */
export interface VncEndpoint {
  readonly kind: 'vnc';
  readonly host: string;
  readonly port: number;
  /** At most 8 characters count. */
  readonly password: Secret;
}

/** VirtualBox without VNC: keys and pictures by VBoxManage, the mouse by VirtualBox' web service where one runs. */
export interface VirtualBoxEndpoint {
  readonly kind: 'virtualbox';
  /** UUID of the VM. */
  readonly id: string;
  readonly webService?: { readonly url: string; readonly user: string; readonly password: Secret };
}

/** Hyper-V: keys, mouse and pictures by WMI, through PowerShell of the host. */
export interface HypervEndpoint {
  readonly kind: 'hyperv';
  /** GUID of the VM. */
  readonly id: string;
}

/** Where the console of a machine is, whatever runs it. */
export type ConsoleEndpoint = VncEndpoint | VirtualBoxEndpoint | HypervEndpoint;
