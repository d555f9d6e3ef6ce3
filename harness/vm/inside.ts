// Inside the namespaces: tells the story of real-vm.vm.ts, a line a step with its seconds.
import Mocha from 'mocha';
import { describe, Fault } from '../core/errors.ts';
import { redact } from '../core/secret.ts';
import { printStep } from './step.ts';

/** Guards against hanging only: the steps have time limits of their own. */
const LONGEST_STEP_MS = 300_000;

class Seconds {
  constructor(runner: Mocha.Runner) {
    runner.on(Mocha.Runner.constants.EVENT_TEST_PASS, (test) =>
      printStep('ok', test.duration ?? 0, test.title),
    );
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test, error: unknown) => {
      printStep('FAILED', test.duration ?? 0, test.title);
      process.stdout.write(`${redact(explain(error))}\n`);
    });
  }
}

function explain(error: unknown): string {
  const remedy = error instanceof Fault ? `\n${error.code}: ${error.remedy}` : '';
  const stack = error instanceof Error && !(error instanceof Fault) ? `\n${error.stack ?? ''}` : '';
  return `${describe(error)}${remedy}${stack}`;
}

const mocha = new Mocha({
  reporter: Seconds as unknown as Mocha.ReporterConstructor,
  timeout: LONGEST_STEP_MS,
  bail: true,
  forbidOnly: true,
});
// Imported, not added as a file: mocha would load every module of ours a second time, the known secrets with them.
mocha.suite.emit(Mocha.Suite.constants.EVENT_FILE_PRE_REQUIRE, globalThis, '', mocha);
await import('./real-vm.vm.ts');
// At once, whatever still runs: what was started in here ends with this process.
mocha.run((failures) => process.exit(failures === 0 ? 0 : 1));
