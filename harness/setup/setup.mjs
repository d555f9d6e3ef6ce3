// Installs what is missing and prepares the lab, once. Plain Node: it runs before there are any dependencies.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { missingPackages, readPackageList } from './debian.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const OLDEST_NODE = [20, 19];
const BAD_SETUP = 2;

function main() {
  checkNode();
  installDebianPackages();
  installNodePackages();
  // A real VM knows nothing of the lab.
  if (purpose() !== 'vm') prepareLab();
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  stop(
    `Node ${process.versions.node} is too old: Node ${OLDEST_NODE.join('.')} or newer is needed.`,
    'Install a newer Node and try again.',
  );
}

/**
 * Packages that Debian starts as services of the whole machine. The project runs these programs by itself, and only while
 * they are needed.
 */
const SERVICES = { squid: 'squid', 'dovecot-imapd': 'dovecot' };

function installDebianPackages() {
  const missing = missingPackages(readPackageList(purpose()));
  if (missing.length === 0) return;
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing];
  const become = elevation();
  if (become === undefined) {
    stop(
      `These Debian packages are missing, and neither root nor sudo is to be had:\n  ${missing.join(' ')}`,
      `Let someone with root run:\n  apt-get update && ${install.join(' ')}`,
    );
  }
  say(`Installing these Debian packages, and what they need: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  runQuietly(
    [...become, 'apt-get', 'update'],
    env,
    'The package lists could not be fetched',
    'Check the network and the apt sources.',
  );
  runQuietly(
    [...become, ...install],
    env,
    'The Debian packages could not be installed',
    `Run it by hand:\n  ${install.join(' ')}`,
  );
  for (const [name, service] of Object.entries(SERVICES)) {
    if (!missing.includes(name)) continue;
    const [program, ...rest] = [...become, 'systemctl', 'disable', '--now', service];
    spawnSync(program, rest, { stdio: 'ignore' });
  }
}

/** `start`, `test` or `vm`: what the machine is set up for. */
function purpose() {
  const { values } = parseArgs({ options: { for: { type: 'string', default: 'start' } } });
  return values.for;
}

/** The words to put before a command so that root runs it; undefined when there is no way. */
function elevation() {
  if (process.getuid?.() === 0) return [];
  const passwordless = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  if (passwordless || (process.stdin.isTTY && spawnSync('sudo', ['-V'], { stdio: 'ignore' }).status === 0)) {
    return ['sudo', '--preserve-env=DEBIAN_FRONTEND'];
  }
  return undefined;
}

function installNodePackages() {
  const lock = readFileSync(join(ROOT, 'package-lock.json'));
  const wanted = createHash('sha256').update(lock).digest('hex');
  const stamp = join(ROOT, 'node_modules', '.installed-from');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('Installing the Node packages of package-lock.json (npm ci)');
  run(
    ['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error'],
    process.env,
    'The Node packages could not be installed',
    'Run "npm ci" by hand to see why. Behind a proxy that opens TLS, set NODE_EXTRA_CA_CERTS to its authority first.',
  );
  writeFileSync(stamp, wanted);
}

function prepareLab() {
  run(
    [process.execPath, '--import', 'tsx', join('harness', 'setup', 'prepare-lab.ts')],
    process.env,
    'The lab could not be prepared',
    'Read the message above; "npx sspr doctor" checks each part.',
  );
}

function run([program, ...rest], env, failure, remedy) {
  const { status, error } = spawnSync(program, rest, { cwd: ROOT, env, stdio: 'inherit' });
  if (status !== 0) stop(`${failure} (${error ? error.message : `exit code ${status}`}).`, remedy);
}

/** The same for a program that talks a lot: its output is shown when it fails. */
function runQuietly([program, ...rest], env, failure, remedy) {
  const options = {
    cwd: ROOT,
    env,
    stdio: ['inherit', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: Infinity,
  };
  const { status, error, stdout, stderr } = spawnSync(program, rest, options);
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
  stop(`${failure} (${error ? error.message : `exit code ${status}`}).`, remedy);
}

function say(text) {
  process.stdout.write(`setup: ${text}\n`);
}

function stop(problem, remedy) {
  process.stderr.write(`setup: ${problem}\n${remedy}\n`);
  process.exit(BAD_SETUP);
}

main();
