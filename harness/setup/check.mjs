// Lint, format, types and all tests. The last line is "N passed, N failed".
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Checks without machines: they only need a processor, so they run together. */
const STATIC_CHECKS = [
  ['lint', ['node_modules/eslint/bin/eslint.js', '.']],
  ['format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']],
  ['types', ['node_modules/typescript/bin/tsc', '-p', '.']],
  ['types of the report page', ['node_modules/typescript/bin/tsc', '-p', 'harness/report/html/app']],
  ['types of the probe', ['node_modules/typescript-es3/bin/tsc', '-p', 'harness/guest/probe']],
  ['unused code', ['node_modules/knip/bin/knip.js', '--no-progress']],
];

let passed = 0;
let failed = 0;

function count(name, ok) {
  process.stdout.write(`${ok ? 'ok' : 'FAILED'}: ${name}\n`);
  if (ok) passed += 1;
  else failed += 1;
}

/** Runs Node on a script of ours; its output is shown as it comes and handed back. */
function node(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    child.on('close', (code) => resolve({ code, output }));
  });
}

async function runStaticChecks() {
  const queue = [...STATIC_CHECKS];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [name, args] = next;
      count(name, (await node(args)).code === 0);
    }
  };
  await Promise.all([worker(), worker()]);
}

async function runTests() {
  const { code, output } = await node([
    'node_modules/mocha/bin/mocha.js',
    '--reporter',
    'spec',
    '--no-color',
  ]);
  const number = (word) => Number(new RegExp(`^\\s*(\\d+) ${word}`, 'm').exec(output)?.[1] ?? 0);
  passed += number('passing');
  failed += number('failing');
  // A runner that ended badly without a failing test has not told the whole story.
  if (code !== 0 && number('failing') === 0) count(`the test runner (exit code ${code})`, false);
}

await runStaticChecks();
await runTests();
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
