// `npm run bench`: our own ways beside those of others, on the same lab machine in the same run. `npm run bench -- audit`
// runs only the sections that are named.
import { auditReadings } from './audit.ts';
import { type Comparison, measure, render } from './compare.ts';
import { startInstantMachine } from './instant-machine.ts';
import { bringUp } from './lab.ts';
import { type Pywinrm, startPywinrm } from './pywinrm.ts';
import { type Account, clientComparisons, guestComparisons } from './winrm.ts';

const SECTIONS: Readonly<Record<string, () => Promise<void>>> = { guest, client, audit };

const named = process.argv.slice(2);
const unknown = named.find((name) => !Object.hasOwn(SECTIONS, name));
if (unknown !== undefined)
  throw new Error(`There is no section ${unknown}, only ${Object.keys(SECTIONS).join(', ')}`);
for (const [name, run] of Object.entries(SECTIONS))
  if (named.length === 0 || named.includes(name)) await run();

async function guest(): Promise<void> {
  const lab = await bringUp('win7');
  try {
    say('Medians on the lab machine win7, Basic authentication:');
    await compare(lab.winrm, guestComparisons);
  } finally {
    await lab.down();
  }
}

async function client(): Promise<void> {
  const instant = await startInstantMachine();
  try {
    say('The same clients at a machine whose commands take no time, so that only their own work is left:');
    await compare(instant.account, clientComparisons);
  } finally {
    await instant.close();
  }
}

async function audit(): Promise<void> {
  say('The audit log of a tenant:');
  for await (const reading of auditReadings()) say(`  ${reading}`);
}

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
