// `npm run bench`: our own ways beside those of others, on the same lab machine in the same run.
import { measure, render } from './compare.ts';
import { bringUp } from './lab.ts';
import { startPywinrm } from './pywinrm.ts';
import { winrmComparisons } from './winrm.ts';

const lab = await bringUp('win7');
const pywinrm = startPywinrm(lab.winrm);
try {
  process.stdout.write('Medians on the lab machine win7, Basic authentication.\n');
  for (const comparison of winrmComparisons(lab, pywinrm))
    process.stdout.write(`${render(await measure(comparison))}\n`);
} finally {
  pywinrm.close();
  await lab.down();
}
