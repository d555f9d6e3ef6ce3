// Waits for the run to end. If it ends without saying so (killed, crashed), takes down what it had brought up.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const DONE = 'done';
let said = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => (said += text));
process.stdin.on('end', () => {
  if (said.includes(DONE)) return;
  const sspr = fileURLToPath(new URL('../cli/sspr.js', import.meta.url));
  spawn(process.execPath, [sspr, 'down'], { stdio: 'ignore', detached: true }).unref();
});
