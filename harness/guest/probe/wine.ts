import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Channel, ExecResult } from '../channel.ts';

/** For tests: a Wine of their own, in a temporary folder, as a channel. The Wine of this host's user is left alone. */
export interface PrivateWine extends Channel {
  /** Where a Windows path lies on this host. */
  path(windowsPath: string): string;
  /** Changes the environment of the programs to come. Wine takes the language and the user's name from there. */
  setEnvironment(variables: Readonly<Record<string, string>>): void;
}

/** Makes the folder, which takes some seconds and 700 MB; `close` removes it and ends every process in it. */
export async function startPrivateWine(): Promise<PrivateWine> {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-probe-wine-'));
  const { DISPLAY: _display, http_proxy: _http, https_proxy: _https, ...rest } = process.env;
  const env = {
    ...rest,
    WINEPREFIX: join(folder, 'prefix'),
    WINEDLLOVERRIDES: 'mscoree=;mshtml=',
    WINEDEBUG: '-all',
    LANG: 'C.UTF-8',
    HOME: folder,
  };
  const path = (windowsPath: string): string =>
    join(
      folder,
      'prefix/drive_c',
      ...windowsPath
        .replace(/^[Cc]:\\/, '')
        .toLowerCase()
        .split('\\'),
    );

  // Through files: Wine's services inherit a pipe and keep it open.
  const wine = async (...args: string[]): Promise<number> => {
    const [out, err] = [openSync(join(folder, 'out'), 'w'), openSync(join(folder, 'err'), 'w')];
    try {
      const [code] = (await once(spawn('wine', args, { env, stdio: ['ignore', out, err] }), 'exit')) as [
        number | null,
      ];
      return code ?? -1;
    } finally {
      closeSync(out);
      closeSync(err);
    }
  };

  await wine('wineboot', '-i');
  return {
    path,
    setEnvironment: (variables) => void Object.assign(env, variables),
    async exec({ line }): Promise<ExecResult> {
      // In a file, since Wine puts its own quotes around arguments.
      writeFileSync(path('C:\\run.cmd'), `@${line}\r\n`);
      const exitCode = await wine('cmd', '/c', 'C:\\run.cmd');
      return {
        exitCode,
        stdout: readFileSync(join(folder, 'out'), 'utf8'),
        stderr: readFileSync(join(folder, 'err'), 'utf8'),
        ms: 0,
      };
    },
    put(file, windowsPath) {
      writeFileSync(path(windowsPath), file);
      return Promise.resolve();
    },
    async close() {
      await promisify(execFile)('wineserver', ['-k'], { env }).catch(() => undefined);
      await promisify(execFile)('wineserver', ['-w'], { env }).catch(() => undefined);
      removeSockets(join(folder, 'prefix'));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Debian's wineserver keeps its sockets in a folder of /tmp, which it notes in the prefix. */
function removeSockets(prefix: string): void {
  const note = join(prefix, 'wineserver');
  const name = existsSync(note) ? readFileSync(note, 'utf8').trim() : '';
  if (/^wine-\w+$/.test(name)) rmSync(join('/tmp', name), { recursive: true, force: true });
}
