import type { Facts } from '../../facts.ts';
import {
  readCredentialProviders,
  readProducts,
  readProviderFilters,
  readUserAccountControl,
  readVerboseLogging,
} from './add-in.ts';
import { connectAll } from './connections.ts';
import { describe } from './errors.ts';
import { stringify } from './json.ts';
import { readEnvironment } from './environment.ts';
import { readHandshakes, readProxy, readTls } from './network.ts';
import { readHotFixes, readPackages, readRebootPending } from './updates.ts';
import { demandNativeView, readClock, readOs } from './windows.ts';

/** What each part of the facts is read with. A part that throws is a failure of its own. */
const PARTS: {
  readonly [Part in Exclude<keyof Facts, 'schema' | 'scriptHost' | 'failures'>]: () => Facts[Part];
} = {
  os: readOs,
  clock: readClock,
  tls: readTls,
  proxy: readProxy,
  packages: readPackages,
  rebootPending: readRebootPending,
  credentialProviders: readCredentialProviders,
  products: readProducts,
  verboseLogging: readVerboseLogging,
  userAccountControl: readUserAccountControl,
  environment: readEnvironment,
  providerFilters: readProviderFilters,
  hotFixes: readHotFixes,
  connections: () => connectAll(commandLine().slice(1), parseInt(commandLine()[0] || '10', 10)),
  handshakes: readHandshakes,
};

function commandLine(): string[] {
  const values: string[] = [];
  for (let at = 0; at < WScript.Arguments.length; at++) values.push(String(WScript.Arguments.Item(at)));
  return values;
}

const facts: Record<string, unknown> = { schema: 1 };
const failures: Record<string, string> = {};
for (const part in PARTS) {
  try {
    demandNativeView();
    facts[part] = PARTS[part as keyof typeof PARTS]();
  } catch (error) {
    failures[part] = describe(error);
  }
}
facts['failures'] = failures;

// A script that dies does so without a word and with exit code 0: only the last line proves that it ran to its end.
WScript.Echo('SSPR-PROBE-BEGIN');
WScript.Echo(stringify(facts));
WScript.Echo('SSPR-PROBE-END');
WScript.Quit(0);
