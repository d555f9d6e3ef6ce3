// Builds what the lab needs and keeps it below .lab/cache: the golden Windows, the stand-in package. Once.
import { describe } from '../core/errors.ts';
import { prepareGuestFiles } from '../lab/guest/prepare.ts';

try {
  await prepareGuestFiles((text) => process.stdout.write(`setup: ${text}\n`));
} catch (error) {
  process.stderr.write(`setup: ${describe(error)}\n`);
  process.exitCode = 1;
}
