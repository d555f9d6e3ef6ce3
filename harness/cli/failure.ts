import { EXIT_CODE } from '../core/exit-code.ts';
import { type Blame, type Fault, toFault } from '../core/errors.ts';
import { redact } from '../core/secret.ts';

/** Which exit code an error ends with, by who has to act. */
const BY_BLAME: Readonly<Record<Blame, number>> = {
  config: EXIT_CODE.badUsage,
  machine: EXIT_CODE.couldNotCheck,
  network: EXIT_CODE.couldNotCheck,
  tenant: EXIT_CODE.couldNotCheck,
  harness: EXIT_CODE.couldNotCheck,
};

export const exitCodeFor = (fault: Fault): number =>
  fault.code === 'interrupted' ? EXIT_CODE.interrupted : BY_BLAME[fault.blame];

/** One error as a person reads it: what is wrong, then what to do. */
export function renderFailure(error: unknown): string {
  const fault = toFault(error);
  return redact(`error: ${fault.message}\n${fault.remedy}\n`);
}
