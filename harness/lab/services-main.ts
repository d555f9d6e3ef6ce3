import { parseArgs } from 'node:util';
import { toFault, type FaultDetail } from '../core/errors.ts';
import { utcNow } from '../core/clock.ts';
import type { LabState } from '../config/lab-state.ts';
import { runServices } from './services-process.ts';

/** What the lab's process tells the one that started it, once. */
export type Greeting =
  { readonly ready: LabState } | { readonly fault: FaultDetail & { readonly message: string } };

const { values } = parseArgs({
  options: {
    'audit-delay-ms': { type: 'string', default: '5000' },
    'tenant-port': { type: 'string', default: '0' },
    'proxy-port': { type: 'string', default: '0' },
  },
});

try {
  process.exitCode = await runServices(
    {
      auditDelayMs: Number(values['audit-delay-ms']),
      tenantPort: Number(values['tenant-port']),
      proxyPort: Number(values['proxy-port']),
    },
    (ready) => greet({ ready }),
  );
} catch (error) {
  const { message, code, blame, retryable, remedy } = toFault(error);
  process.stderr.write(`${utcNow()} error: ${message}. ${remedy}\n`);
  greet({ fault: { message, code, blame, retryable, remedy } });
  process.exitCode = 1;
}

/** Whoever started this process may be gone, or may have started it by hand: then nobody is told. */
function greet(greeting: Greeting): void {
  if (process.connected) process.send?.(greeting, () => process.disconnect());
}
