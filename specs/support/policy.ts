import type { Policy } from '../controls/control.ts';
import { DEFAULT_POLICY } from '../controls/policy.ts';
import type { Story } from './story.ts';

/** What is asked of this machine: the configuration's word, else the default. */
export function policyOf({ settings: { policy } }: Story): Policy {
  const { tls, portalHost, methodsRequired, clientTypes } = policy;
  return { ...DEFAULT_POLICY, tls, portalHost, resetMethodsRequired: methodsRequired, clientTypes };
}
