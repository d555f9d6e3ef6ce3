import { readFile } from 'node:fs/promises';
import { couldNotCheck, fail, notApplicable, pass, skipped, type Verdict } from '../harness/core/outcome.ts';
import type { Facts } from '../harness/guest/facts.ts';
import { inspectMsi } from '../harness/guest/msi.ts';
import { installLine, type MsiRun, runMsiexec, uninstallLine } from '../harness/guest/msiexec.ts';
import { inspectSignature } from '../harness/guest/msi-signature.ts';
import { probe } from '../harness/guest/probe/run.ts';
import { resetProvider } from './controls/credential-providers.ts';
import { judgeExitCode } from './controls/exit-codes.ts';
import {
  judgeArchitecture,
  judgeSecondInstall,
  judgeSignature,
  judgeUpgrade,
  judgeVersion,
} from './controls/install.ts';
import {
  INSTALL_LOG,
  PACKAGE,
  PREVIOUS_PACKAGE,
  readGuestFile,
  SECOND_INSTALL_LOG,
  UPGRADE_LOG,
} from './support/guest-files.ts';
import { recall } from './support/memory.ts';
import { stage } from './support/stage.ts';
import type { Story } from './support/story.ts';

stage('install', 'The add-in is installed silently', ['up'], ({ step, control }) => {
  step('puts the package on the machine', (story) => put(story, story.readPackage(), PACKAGE));

  // Before the installation that everything else rests on, which is to be a first one.
  control('install.upgrade', (story) => {
    const { previousPackage } = story.options;
    if (previousPackage === undefined)
      return notApplicable('The configuration names no earlier version (package.previous).');
    return resetProvider(recall(story, 'factsBefore')) === undefined
      ? tryUpgrade(story, previousPackage)
      : skipped('The machine has the add-in already, so no earlier version can be put there first');
  });

  step('runs msiexec /i', async (story) => {
    story.memory.install = await msiexec(story, installLine(PACKAGE, INSTALL_LOG), 'installing the add-in');
    const { line, exit, ms } = story.memory.install;
    story.fact('installation', `${line} ended with ${exit.code} after ${ms} ms`);
  });

  control('install.package-identified', async (story) => {
    const { productName, productVersion, manufacturer, sha256, path } = await inspectMsi(
      story.options.packagePath,
    );
    story.attach('package', { path, productName, productVersion, manufacturer });
    return pass(`${productName} ${productVersion}`, { observed: `SHA-256 ${sha256}` });
  });

  control('install.package-signed', async (story) =>
    judgeSignature(await inspectSignature(story.options.packagePath)),
  );

  control('install.package-fits-machine', async (story) => {
    const { architecture } = await inspectMsi(story.options.packagePath);
    const { os } = recall(story, 'factsBefore');
    return judgeArchitecture(architecture, os.architecture);
  });

  control('install.exit-code', (story) => {
    const { line, exit, tries } = recall(story, 'install');
    story.attach('command line', line);
    story.attach('tries', tries);
    return judgeExitCode('install', exit.code);
  });

  control('install.log-kept', async (story) => {
    const log = await readGuestFile(story, INSTALL_LOG);
    if (log.trim() === '') {
      // What was refused before it began has nothing to log: that is told by its exit code.
      if (!isInstalled(recall(story, 'install'))) return skipped(NOT_INSTALLED);
      return fail('The installation left no log', { expected: INSTALL_LOG, observed: 'an empty file' });
    }
    story.attachFile('install.log', log);
    return pass(`The log is kept (${log.split('\n').length} lines)`);
  });

  control('install.version-matches-package', async (story) => {
    if (!isInstalled(recall(story, 'install'))) return skipped(NOT_INSTALLED);
    story.memory.factsInstalled = await readFacts(story);
    return judgeVersion(await inspectMsi(story.options.packagePath), story.memory.factsInstalled);
  });

  control('install.second-install', async (story) => {
    if (!isInstalled(recall(story, 'install'))) return skipped(NOT_INSTALLED);
    const before = recall(story, 'factsInstalled');
    const { exit, line, tries } = await msiexec(
      story,
      installLine(PACKAGE, SECOND_INSTALL_LOG),
      'installing the add-in a second time',
    );
    story.attach('command line', line);
    story.attach('tries', tries);
    return judgeSecondInstall(exit.code, before, await readFacts(story));
  });
});

const NOT_INSTALLED = 'The installation did not succeed, so it says nothing';

const isInstalled = ({ exit }: MsiRun): boolean => judgeExitCode('install', exit.code).outcome === 'pass';

/** Installs the earlier version and this one on top of it, and removes what is there then. */
async function tryUpgrade(story: Story, previousPackage: string): Promise<Verdict> {
  const [earlier, present] = [await inspectMsi(previousPackage), await inspectMsi(story.options.packagePath)];
  story.attach('versions', `${earlier.productVersion}, then ${present.productVersion}`);
  await put(story, await readFile(previousPackage), PREVIOUS_PACKAGE);
  try {
    const first = await msiexec(
      story,
      installLine(PREVIOUS_PACKAGE, UPGRADE_LOG),
      'installing the earlier version',
    );
    if (!isInstalled(first)) {
      const { summary, remediation } = judgeExitCode('install', first.exit.code);
      return couldNotCheck(`The earlier version cannot be installed: ${summary}`, {
        observed: first.line,
        ...(remediation === undefined ? {} : { remediation }),
      });
    }
    const { exit, line, tries } = await msiexec(story, installLine(PACKAGE, UPGRADE_LOG), 'upgrading');
    story.attach('command line', line);
    story.attach('tries', tries);
    return judgeUpgrade(exit.code, present, await readFacts(story));
  } finally {
    for (const file of [PACKAGE, PREVIOUS_PACKAGE]) {
      const { exit } = await msiexec(story, uninstallLine(file, UPGRADE_LOG), 'removing what was tried');
      if (exit.class !== 'absent') break;
    }
  }
}

async function put(story: Story, content: Uint8Array, path: string): Promise<void> {
  const deadline = story.deadline(story.settings.limits.command, 'putting the package on the machine');
  await (await story.channel()).put(content, path, deadline);
}

async function msiexec(story: Story, line: string, what: string): Promise<MsiRun> {
  return runMsiexec(await story.channel(), line, story.deadline(story.settings.limits.command, what));
}

async function readFacts(story: Story): Promise<Facts> {
  const deadline = story.deadline(story.settings.limits.command, 'reading the facts');
  return probe(await story.channel(), { urls: [] }, deadline);
}
