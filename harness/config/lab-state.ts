import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import type { RefusalReason } from '../core/rehearsals.ts';
import { isAlive } from '../core/process.ts';

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

/** Everything that the lab prepares or runs lies here; ignored by git, safe to delete when the lab is down. */
export const LAB_FOLDER = process.env.SSPR_LAB_FOLDER ?? join(ROOT, '.lab');

/**
 * Where the running lab can be reached: the address book through which the lab and the harness find each other.
 * Written by the lab as `.lab/run/lab.json` (mode 0600), removed when it goes down. All servers listen on loopback.
 */
export interface LabState {
  readonly schema: 1;
  /** The lab's process and its start time (field 22 of /proc/PID/stat), so that a reused pid is not taken for it. */
  readonly pid: number;
  readonly startTime: string;
  /** PEM file of the lab's own certificate authority. */
  readonly caFile: string;
  /** What the authority calls itself in its certificate. */
  readonly authorityName: string;
  /** OAuth authority and Graph root: `https://localhost:PORT`. */
  readonly authority: string;
  readonly graph: string;
  readonly tenantId: string;
  readonly clientId: string;
  /** File that holds the client secret. */
  readonly clientSecretFile: string;
  /** The portal's name, and where on loopback it really listens: only the proxy knows the way. */
  readonly portal: { readonly host: string; readonly address: string; readonly port: number };
  /**
   * The corporate proxy, a squid: SIGHUP to `pid` makes it read its configuration again. Lines that are written into
   * `extraFile`, which is empty at first, come before all others there.
   */
  readonly proxy: {
    readonly host: string;
    readonly port: number;
    readonly accessLog: string;
    readonly pid: number;
    readonly configFile: string;
    readonly extraFile: string;
  };
  /** Where the lab's TLS servers write down each handshake, a line of JSON each; no secrets. */
  readonly handshakesFile: string;
  /** The source address that the tenant sees for everything that came through the proxy. */
  readonly egressAddress: string;
  /** Its administration (docs/lab.md): the address, and the file of the token. */
  readonly admin: { readonly url: string; readonly tokenFile: string };
  readonly users: readonly LabUser[];
  /** Users whom the portal turns away, each for a reason of its own; they have no account on any machine. */
  readonly refusedUsers: readonly { readonly upn: string; readonly expects: RefusalReason }[];
}

export interface LabUser {
  /** The machine on which this user has an account. */
  readonly machine: string;
  /** Local account name: `anna`. */
  readonly account: string;
  readonly displayName: string;
  readonly upn: string;
  /** Mailbox that receives this user's verification codes. */
  readonly mailbox: string;
}

export const labStateFile = (folder = LAB_FOLDER): string => join(folder, 'run', 'lab.json');

/** The running lab's state, or undefined when no lab is up. */
export function readLabState(folder = LAB_FOLDER): LabState | undefined {
  const file = labStateFile(folder);
  if (!existsSync(file)) return undefined;
  const state = JSON.parse(readFileSync(file, 'utf8')) as LabState;
  return isAlive(state) ? state : undefined;
}

/**
 * What a lab guest says of itself, in `guest.json` of its Vagrant data folder (mode 0600). It exits within a second
 * when the file is gone or carries another token.
 */
export interface GuestState {
  readonly token: string;
  readonly pid: number;
  readonly startTime: string;
  readonly state: 'booting' | 'running' | 'stopping';
  readonly name: string;
  readonly computerName: string;
  readonly host: string;
  readonly winrm: { readonly port: number; readonly user: string; readonly password: string };
  readonly vnc: { readonly port: number; readonly password: string };
  /** New with every boot. */
  readonly bootId: string;
}
