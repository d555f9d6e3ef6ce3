import type { Policy } from '../controls/control.ts';
import { DEFAULT_POLICY } from '../controls/policy.ts';
import type { Story } from './story.ts';

/** What is asked of this machine: the configuration's word, else the default. */
export function policyOf({ settings: { policy } }: Story): Policy {
  const { tls, portalHost, methodsRequired, clientTypes, portalIssuers, patches } = policy;
  return {
    tls,
    portalHost,
    patches: {
      win7: patches.win7 ?? DEFAULT_POLICY.patches.win7,
      win8: patches.win8 ?? DEFAULT_POLICY.patches.win8,
      win81: patches.win81 ?? DEFAULT_POLICY.patches.win81,
    },
    resetMethodsRequired: methodsRequired,
    clientTypes,
    portalIssuers,
  };
}
