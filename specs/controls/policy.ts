import { CLOUDS } from '../../harness/core/clouds.ts';
import type { Policy } from './control.ts';

/** Last monthly rollup (January 2020) and servicing stack of Windows 7 before its support ended. */
const WINDOWS_7_ROLLUP = 'KB4534310';
const WINDOWS_7_SERVICING_STACK = 'KB4536952';

/**
 * What is asked of a machine when nobody says otherwise.
 *
 * - `tls` is strict because the document warns that TLS 1.2 has to be enabled, not merely negotiated, and exempts no
 *   Windows.
 * - `patches` holds only updates that Microsoft names for what the reset needs; no text of Microsoft defines "patched".
 *   - Windows 7: the SHA-2 pair (KB4490628 servicing stack and KB4474419), without which nothing newer than June 2019
 *     can be installed (KB4472027), and TLS 1.2 for WinHTTP (KB3140245). The last rollup cannot be installed without
 *     the pair, and brings newer files of WinHTTP, so it stands for each of them.
 *   - Windows 8: none. The document's line on patches does not name it.
 *   - Windows 8.1: KB2919355, which all later updates require and which adds cipher suites.
 */
export const DEFAULT_POLICY: Policy = {
  tls: 'strict',
  portalHost: 'passwordreset.microsoftonline.com',
  patches: {
    win7: [
      ['KB4490628', WINDOWS_7_SERVICING_STACK, WINDOWS_7_ROLLUP],
      ['KB4474419', WINDOWS_7_ROLLUP],
      ['KB3140245', WINDOWS_7_ROLLUP],
    ],
    win8: [],
    win81: [['KB2919355']],
  },
  resetMethodsRequired: 1,
  clientTypes: [],
  portalIssuers: [],
};

/** Hosts that the portal's pages may load from or ask; probed and recorded, never required. */
export const EXTRA_HOSTS = CLOUDS.global.extraHosts;
