import { inspectMsi } from '../harness/guest/msi.ts';
import { installLine, runMsiexec } from '../harness/guest/msiexec.ts';
import { fail, pass } from '../harness/core/outcome.ts';
import { judgeExitCode } from './controls/exit-codes.ts';
import { judgeArchitecture } from './controls/install.ts';
import { INSTALL_LOG, PACKAGE, readGuestFile } from './support/guest-files.ts';
import { recall } from './support/memory.ts';
import { stage } from './support/stage.ts';

stage('install', 'The add-in is installed silently', ['up'], ({ step, control }) => {
  step('puts the package on the machine', async (story) => {
    const deadline = story.deadline(story.settings.limits.command, 'putting the package on the machine');
    await (await story.channel()).put(story.readPackage(), PACKAGE, deadline);
  });

  step('runs msiexec /i', async (story) => {
    const deadline = story.deadline(story.settings.limits.command, 'installing the add-in');
    const { exit, line, ms } = await runMsiexec(
      await story.channel(),
      installLine(PACKAGE, INSTALL_LOG),
      deadline,
    );
    story.memory.install = { exitCode: exit.code, line, ms };
    story.fact('installation', `${line} ended with ${exit.code} after ${ms} ms`);
  });

  control('install.package-identified', async (story) => {
    const { productName, productVersion, manufacturer, sha256, path } = await inspectMsi(
      story.options.packagePath,
    );
    story.attach('package', { path, productName, productVersion, manufacturer });
    return pass(`${productName} ${productVersion}`, { observed: `SHA-256 ${sha256}` });
  });

  control('install.package-fits-machine', async (story) => {
    const { architecture } = await inspectMsi(story.options.packagePath);
    const { os } = recall(story, 'factsBefore');
    return judgeArchitecture(architecture, os.architecture);
  });

  control('install.exit-code', (story) => {
    const { line, exitCode } = recall(story, 'install');
    story.attach('command line', line);
    return judgeExitCode('install', exitCode);
  });

  control('install.log-kept', async (story) => {
    const log = await readGuestFile(story, INSTALL_LOG);
    if (log.trim() === '')
      return fail('The installation left no log', { expected: INSTALL_LOG, observed: 'an empty file' });
    story.attachFile('install.log', log);
    return pass(`The log is kept (${log.split('\n').length} lines)`);
  });
});
