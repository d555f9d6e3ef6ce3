import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_CODE } from '../core/exit-code.ts';
import { Fault } from '../core/errors.ts';
import { EXAMPLE_CONFIG } from '../config/example.ts';
import { ROOT } from '../config/lab-state.ts';
import { CONFIG_FILE } from '../config/load.ts';

/** Writes the example configuration, never over an existing one. */
export function init({ print }: { print: boolean }): Promise<number> {
  if (print) {
    process.stdout.write(EXAMPLE_CONFIG);
    return Promise.resolve(EXIT_CODE.compliant);
  }
  const file = join(ROOT, CONFIG_FILE);
  if (existsSync(file)) {
    throw new Fault(`${CONFIG_FILE} exists already`, {
      code: 'config-exists',
      blame: 'config',
      remedy: 'Edit it, or move it away first; "npx sspr init --print" shows the example.',
    });
  }
  writeFileSync(file, EXAMPLE_CONFIG);
  process.stdout.write(
    `${file} written. Fill in your tenant, package and test users, then: npx sspr doctor\n`,
  );
  return Promise.resolve(EXIT_CODE.compliant);
}
