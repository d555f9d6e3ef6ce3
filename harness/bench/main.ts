// `npm run bench`: our own ways beside those of others, on the same lab machine in the same run.
import { auditReadings } from './audit.ts';
import { type Comparison, measure, render } from './compare.ts';
import { startInstantMachine } from './instant-machine.ts';
import { bringUp } from './lab.ts';
import { type Pywinrm, startPywinrm } from './pywinrm.ts';
import { type Account, clientComparisons, guestComparisons } from './winrm.ts';

const lab = await bringUp('win7');
try {
  say('Medians on the lab machine win7, Basic authentication:');
  await compare(lab.winrm, guestComparisons);
} finally {
  await lab.down();
}

const instant = await startInstantMachine();
try {
  say('The same clients at a machine whose commands take no time, so that only their own work is left:');
  await compare(instant.account, clientComparisons);
} finally {
  await instant.close();
}

say('The audit log of a tenant:');
for await (const reading of auditReadings()) say(`  ${reading}`);

async function compare(
  account: Account,
  comparisons: (account: Account, pywinrm: Pywinrm) => Comparison[],
): Promise<void> {
  const pywinrm = startPywinrm(account);
  try {
    for (const comparison of comparisons(account, pywinrm)) say(`  ${render(await measure(comparison))}`);
  } finally {
    pywinrm.close();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
