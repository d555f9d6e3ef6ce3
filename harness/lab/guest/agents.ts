import { ACCOUNT } from './wine.ts';
import { WITHOUT_TLS12 } from './tls-policy.ts';

/**
 * The helpers that stay in a guest and start its processes. What a process is allowed to offer in TLS is decided when it
 * starts, by the helper that starts it: hence one with and one without TLS 1.2 for each account.
 */
export const AGENTS = {
  'lab-agent': { account: ACCOUNT, policy: undefined },
  'lab-agent-no-tls12': { account: ACCOUNT, policy: WITHOUT_TLS12 },
  'lab-agent-system': { account: 'SYSTEM', policy: undefined },
  'lab-agent-system-no-tls12': { account: 'SYSTEM', policy: WITHOUT_TLS12 },
} as const;

export type AgentName = keyof typeof AGENTS;
export const AGENT_NAMES = Object.keys(AGENTS) as AgentName[];

/** Who starts the processes of an account. */
export const STARTERS = {
  user: { tls12: 'lab-agent', noTls12: 'lab-agent-no-tls12' },
  system: { tls12: 'lab-agent-system', noTls12: 'lab-agent-system-no-tls12' },
} as const;
