import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ShellCommand } from './commands.ts';
import type { NtlmServer } from './ntlm/acceptor.ts';
import { WinrmServer } from './winrm-server.ts';
import { WinrmService } from './winrm-service.ts';
import { WINRM_SETTINGS, type WinrmChanges, changed } from './winrm-settings.ts';
import { PROFILES, type ProfileName } from './profile.ts';

/*
 * What the tests of the WinRM server share: the server of a guest whose commands are run by this host's shell, so that
 * its pipes are real and no Wine is needed.
 */

export const USER = 'vagrant';
export const PASSWORD = 'vagrant';

export interface TestServer {
  readonly server: WinrmServer;
  readonly url: string;
  /** The lab's log. */
  readonly lines: readonly string[];
  readonly commands: readonly HostCommand[];
}

export interface TestServerOptions {
  readonly profile?: ProfileName;
  readonly changes?: WinrmChanges;
  readonly newChallenge?: NtlmServer['newChallenge'];
  /** What this host runs in place of a command line; the line itself unless given. */
  readonly hostLine?: (line: string) => string;
}

export async function openTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { profile = 'win7', changes = {}, newChallenge, hostLine } = options;
  const lines: string[] = [];
  const commands: HostCommand[] = [];
  const server = await WinrmServer.open({
    service: new WinrmService({
      settings: changed(WINRM_SETTINGS[profile], changes),
      windows: PROFILES[profile],
      start: ({ line }) => {
        const asked = /^cmd\.exe \/s \/c "(.*)"$/s.exec(line)?.[1] ?? line;
        const command = new HostCommand(hostLine?.(asked) ?? asked);
        commands.push(command);
        return Promise.resolve(command);
      },
    }),
    security: {
      computerName: 'WIN7-LAB',
      version: PROFILES[profile].version,
      account: { user: USER, password: PASSWORD },
      ...(newChallenge && { newChallenge }),
    },
    port: 0,
    log: (text) => lines.push(text),
  });
  return { server, url: `http://127.0.0.1:${server.port}/wsman`, lines, commands };
}

/** A command line of this host's shell. */
export class HostCommand implements ShellCommand {
  readonly #child: ChildProcess;
  #stdout: Buffer[] = [];
  #stderr: Buffer[] = [];
  #exitCode: number | undefined;
  readonly exited: Promise<number>;
  forgotten = false;

  constructor(line: string) {
    this.#child = spawn('/bin/sh', ['-c', line], { stdio: 'pipe', detached: true });
    this.#child.stdout?.on('data', (bytes: Buffer) => this.#stdout.push(bytes));
    this.#child.stderr?.on('data', (bytes: Buffer) => this.#stderr.push(bytes));
    this.#child.stdin?.on('error', () => undefined); // it need not read
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code) => resolve((this.#exitCode = code ?? 1)));
    });
  }

  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  read(): { stdout: Buffer; stderr: Buffer } {
    const printed = { stdout: Buffer.concat(this.#stdout), stderr: Buffer.concat(this.#stderr) };
    this.#stdout = [];
    this.#stderr = [];
    return printed;
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#child.stdin?.write(bytes, () => resolve()));
  }

  closeInput(): void {
    this.#child.stdin?.end();
  }

  /** Ends it with everything that it started: it leads a process group of its own. */
  terminate(): void {
    if (this.#exitCode !== undefined || this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // it has just ended
    }
  }

  forget(): void {
    this.forgotten = true;
    this.terminate();
  }
}

const LEGACY_OPENSSL = fileURLToPath(new URL('./legacy-openssl.cnf', import.meta.url));

/**
 * Runs a short program for Debian's pywinrm to its end; `s` is its session with that address.
 * @param options of winrm.Session, as Python
 */
export function runPywinrm(
  { url, user = USER, password = PASSWORD }: { url: string; user?: string; password?: string },
  options: string,
  program: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const session = `winrm.Session(${JSON.stringify(url)}, auth=(${JSON.stringify(user)}, os.environ['WINRM_PASSWORD']), ${options})`;
  const env = { ...process.env, OPENSSL_CONF: LEGACY_OPENSSL, WINRM_PASSWORD: password };
  return new Promise((resolve) => {
    execFile(
      '/usr/bin/python3',
      ['-c', `import base64, os, winrm\ns = ${session}\n${program}`],
      { env, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
  });
}

const GSSAPI_CLIENT = fileURLToPath(new URL('./gssapi-client.py', import.meta.url));

/** Sends a message, sealed, twice on one connection, by MIT's SPNEGO and gss-ntlmssp. Prints statuses and answers. */
export function runGssapi(
  { server }: TestServer,
  mechanism: 'spnego' | 'ntlm',
  message: string,
  password = PASSWORD,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, WINRM_PASSWORD: password };
  return new Promise((resolve) => {
    const client = execFile(
      '/usr/bin/python3',
      [GSSAPI_CLIENT, String(server.port), `WIN7-LAB\\${USER}`, mechanism],
      { env },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
    client.stdin?.end(message);
  });
}
