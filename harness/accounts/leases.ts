import { renameSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { Fault } from '../core/errors.ts';
import { isAlive } from '../core/process.ts';
import { readIfThere } from '../core/read-if-there.ts';

const holdingSchema = z.strictObject({
  id: z.uuid(),
  upn: z.string(),
  run: z.string(),
  machine: z.string(),
  pid: z.number(),
  startTime: z.string(),
  since: z.iso.datetime(),
});

/** That a process has an account for itself. */
export type Holding = z.infer<typeof holdingSchema>;

/**
 * Who has which account now, without those whose process is gone.
 * @throws Fault `account-leases-unusable`
 */
export function readHoldings(file: string): Holding[] {
  const text = readIfThere(file) ?? '[]';
  try {
    return z.array(holdingSchema).parse(JSON.parse(text)).filter(isAlive);
  } catch (error) {
    throw new Fault(`${file} does not say which run has which test user`, {
      code: 'account-leases-unusable',
      blame: 'config',
      remedy: 'Delete that file when no run is going on.',
      cause: error,
    });
  }
}

/** Puts the new list in place of the old one, whole or not at all. Whoever writes holds the lock of the pool. */
export function writeHoldings(file: string, holdings: readonly Holding[]): void {
  writeFileSync(`${file}.new`, JSON.stringify(holdings, null, 1), { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}
