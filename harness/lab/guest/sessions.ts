import type { Registry } from './registry.ts';

/**
 * Where the lab notes the sessions through Remote Desktop, which nothing in it can really open: a key for each, named as
 * the session (`rdp-tcp#0`), with its user in the value `User`. They end with the boot.
 */
export const REMOTE_SESSIONS = 'HKLM\\SOFTWARE\\Lab\\Remote sessions';
const TERMINAL_SERVER = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server';

export interface Session {
  /** `console`, `rdp-tcp#0` */
  readonly name: string;
  /** '' where nobody is signed in. */
  readonly user: string;
  readonly id: number;
  readonly state: 'Disc' | 'Conn' | 'Active' | 'Listen';
}

const FIRST_REMOTE = 2;
const LISTENER = 65536;

/** The sessions of the machine as Windows lists them; WinRM is in the first. */
export async function readSessions(registry: Registry): Promise<Session[]> {
  const remote: Session[] = [];
  for (const [i, name] of (await registry.subkeys(REMOTE_SESSIONS)).entries()) {
    const user = (await registry.string(`${REMOTE_SESSIONS}\\${name}`, 'User')) ?? 'unknown';
    remote.push({ name, user, id: FIRST_REMOTE + i, state: 'Active' });
  }
  const listens = (await registry.dword(TERMINAL_SERVER, 'fDenyTSConnections')) === 0;
  return [
    { name: 'services', user: '', id: 0, state: 'Disc' },
    { name: 'console', user: '', id: 1, state: 'Conn' },
    ...remote,
    ...(listens ? [{ name: 'rdp-tcp', user: '', id: LISTENER, state: 'Listen' as const }] : []),
  ];
}

export const endRemoteSession = (registry: Registry, name: string): Promise<void> =>
  registry.deleteKey(`${REMOTE_SESSIONS}\\${name}`);
