/*
 * For tests: speaks the protocol of serve.ps1 on the standard input and output as a PowerShell would, without being one.
 * The text of a script chooses what it does, so that it can misbehave in every way a PowerShell was seen to.
 */
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setInterval } from 'node:timers';

const environment = process.env;
const out = (text) => process.stdout.write(text);
const lines = createInterface({ input: process.stdin, crlfDelay: Infinity })[Symbol.asyncIterator]();
const next = async () => {
  const { value, done } = await lines.next();
  if (done) process.exit(0);
  return value;
};
const newline = environment.FAKE_NEWLINE === 'crlf' ? '\r\n' : '\n';
let nonce = '';

if (environment.FAKE_START === 'exit') process.exit(7);
if (environment.FAKE_START === 'silent') setInterval(() => undefined, 1000);
else out(environment.FAKE_BANNER ?? '');

async function call() {
  if (environment.FAKE_START === 'blocked')
    return void process.stderr.write('This script contains malicious content\n');
  nonce = await next();
  const serve = Buffer.from((await next()).slice(1), 'base64').toString();
  if (!serve.includes('Read-SsprCall')) throw new Error('serve.ps1 did not come');
  let base64 = '';
  for (let line = await next(); line !== '#.'; line = await next()) base64 += line.slice(1);
  const { script, in: data } = unmarked(JSON.parse(Buffer.from(base64, 'base64').toString()));
  await DOES[script](data);
}

function unmarked(value) {
  if (typeof value === 'string') {
    if (!value.startsWith('=')) throw new Error('a text came without its mark');
    return value.slice(1);
  }
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unmarked(part)]));
}

const framed = (answer) => {
  const bare = nonce.slice(1);
  return `${newline}${bare}:${Buffer.from(JSON.stringify(answer)).toString('base64')}:${bare}${newline}`;
};
const returns = (value) => out(framed({ ok: true, value }));

const DOES = {
  echo: returns,
  noise: (data) => {
    // Synchronous, as Windows' console is: it waits when nobody reads.
    for (let at = 0; at < data; at++) writeSync(2, 'WARNING: a word on the standard error\n');
    out('VERBOSE: a line without its end');
    returns('heard');
    out(`more${newline}`);
  },
  throw: (data) =>
    out(
      framed({
        ok: false,
        error: { message: data, id: 'Some,Id', category: 'OpenError', number: -5, line: 3 },
      }),
    ),
  exit: (data) => process.exit(data),
  vanish: () => process.kill(process.pid, 'SIGKILL'),
  babble: (data) => void process.stderr.write(data),
  garbage: () => out(`\u0000\u0007 garbage ${newline}`),
  half: () => out(framed({ ok: true, value: 'x'.repeat(1000) }).slice(0, 500) + newline),
  'half-exit': () => {
    out(framed({ ok: true, value: 'x'.repeat(1000) }).slice(0, 500));
    setTimeout(() => process.exit(0), 20);
    return new Promise(() => undefined);
  },
  shapeless: () => out(framed({ answer: 42 })),
  'not-json': () =>
    out(`${nonce.slice(1)}:${Buffer.from('{').toString('base64')}:${nonce.slice(1)}${newline}`),
  'other-call': () => (nonce = `#${'0'.repeat(32)}`),
  hang: () => new Promise(() => undefined),
  /** Starts a process that outlives this one unless somebody ends it, says its number, and never answers. */
  child: () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    process.stderr.write(`child ${child.pid}\n`);
    return new Promise(() => undefined);
  },
  flood: () =>
    new Promise(() => {
      const more = () => process.stdout.write('x'.repeat(1 << 20), more);
      more();
    }),
  pid: () => returns(process.pid),
  environment: (data) => returns(environment[data] ?? null),
  arguments: () => returns(process.argv.slice(2)),
};

for (;;) {
  const line = await next();
  if (environment.FAKE_START === 'silent') continue;
  if (environment.FAKE_START === 'echo') out(line + newline);
  else if (line.startsWith('Write-Host') && line.includes('SSPR-HELLO')) {
    out(
      `SSPR-HELLO ${environment.FAKE_VERSION ?? '7.4.1'} ${environment.FAKE_MODE ?? 'FullLanguage'}${newline}`,
    );
  } else if (line.startsWith('$SsprNonce = ')) await call();
  else if (line.includes('SSPR-END')) out(`SSPR-END ${nonce}${newline}`);
  else if (line === 'exit') process.exit(0);
  else if (!line.startsWith('#')) process.stderr.write(`${line} : not recognized\n`);
}
