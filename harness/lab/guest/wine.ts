import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The Windows account of a guest: the one of WinRM, and the only one with a profile folder. */
export const ACCOUNT = 'vagrant';

/**
 * The whole environment of Wine's processes. Nothing of the caller's gets in: a proxy set there would be used by the
 * guest, and a display would be drawn on.
 */
export function wineEnvironment(place: {
  readonly prefix: string;
  readonly home: string;
  readonly more?: Readonly<Record<string, string>>;
}): Record<string, string> {
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    WINEPREFIX: place.prefix,
    WINEDLLOVERRIDES: 'mscoree=;mshtml=',
    WINEDEBUG: '-all',
    HOME: place.home,
    USER: ACCOUNT,
    LOGNAME: ACCOUNT,
    ...place.more,
  };
}

/** Removes the folder of sockets that Debian's wineserver made for this prefix below /tmp. */
export function cleanUpServerFolder(prefix: string): void {
  const note = join(prefix, 'wineserver');
  if (!existsSync(note)) return;
  const name = readFileSync(note, 'utf8').trim();
  if (/^wine-\w+$/.test(name)) rmSync(join('/tmp', name), { recursive: true, force: true });
  rmSync(note, { force: true });
}
