import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Fault } from '../../core/errors.ts';
import { spawnMortal, type Mortal } from './mortal.ts';

export interface KioskOptions {
  readonly folder: string;
  /** The X server to show itself on. */
  readonly env: Readonly<Record<string, string>>;
  /** The page to show. */
  readonly url: string;
  /** The loopback proxy through which everything but the page itself goes. */
  readonly proxyPort: number;
  readonly caFile: string | undefined;
  /** File descriptor for what Chromium says. */
  readonly log: number;
}

/** How long Chromium may take to leave in good order, in milliseconds. */
const LEAVE_MS = 4000;

/** Nothing may slide over the page: no offers to save passwords or to fill in forms. */
const PREFERENCES = {
  credentials_enable_service: false,
  credentials_enable_autosignin: false,
  autofill: { profile_enabled: false, credit_card_enabled: false },
  translate: { enabled: false },
  profile: { password_manager_enabled: false },
};

/** Everything that Chromium does on its own account. */
const CHATTER = [
  ...[
    'AutofillServerCommunication',
    'CertificateTransparencyComponentUpdater',
    'InterestFeedContentSuggestions',
  ],
  ...['MediaRouter', 'NetworkTimeServiceQuerying', 'OptimizationHints', 'Translate', 'HttpsUpgrades'],
];

/** Starts a Chromium that fills the screen of an X server with one page, in a profile of its own. */
export async function startKiosk(options: KioskOptions): Promise<Mortal> {
  const home = join(options.folder, 'home');
  const profile = join(options.folder, 'profile');
  await mkdir(join(profile, 'Default'), { recursive: true, mode: 0o700 });
  await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(PREFERENCES));
  await trust(home, options.caFile);

  // The page's address holds a token: passed by a private file, it is not seen in the list of processes.
  const start = join(options.folder, 'start.html');
  const refresh = `<meta http-equiv="refresh" content="0;url=${options.url}">`;
  await writeFile(start, `<!doctype html>${refresh}<body style="background:#000">`, { mode: 0o600 });

  const { host } = new URL(options.url);
  const kiosk = spawnMortal(
    'chromium',
    [
      `--app=file://${start}`,
      '--kiosk',
      // Without a window manager Chromium is one pixel smaller than it is told.
      ...['--window-size=1025,769', '--window-position=0,0', '--force-device-scale-factor=1'],
      ...['--disable-gpu', '--disable-lcd-text', '--force-color-profile=srgb', '--lang=en-US'],
      // It shows the lab's own pages only, and must also run as root and in containers.
      '--no-sandbox',
      '--test-type',
      `--user-data-dir=${profile}`,
      ...['--no-first-run', '--no-default-browser-check', '--password-store=basic'],
      ...[
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-extensions',
      ],
      ...['--disable-default-apps', '--disable-domain-reliability', '--no-pings', '--disable-breakpad'],
      `--disable-features=${CHATTER.join(',')}`,
      `--proxy-server=http://127.0.0.1:${options.proxyPort}`,
      `--proxy-bypass-list=<-loopback>;${host}`,
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      // Nobody speaks through this pipe: Chromium ends when its other end is gone.
      '--remote-debugging-pipe',
    ],
    {
      env: { ...options.env, HOME: home, DBUS_SESSION_BUS_ADDRESS: 'disabled:' },
      stdio: ['ignore', options.log, options.log, 'pipe', 'pipe'],
    },
  );
  const [pipeIn, pipeOut] = kiosk.child.stdio.slice(3) as [Duplex, Duplex];
  pipeIn.on('error', () => undefined);
  pipeOut.resume();
  return {
    ...kiosk,
    kill: async () => {
      // Asked in this way, and only in this way, Chromium removes what it left in the host's temporary folder.
      pipeIn.destroy();
      await Promise.race([kiosk.ended, delay(LEAVE_MS, undefined, { ref: false })]);
      await kiosk.kill();
    },
  };
}

/** Makes this Chromium, and nothing else on the host, trust an authority: by the NSS database in its home. */
async function trust(home: string, caFile: string | undefined): Promise<void> {
  const folder = join(home, '.pki', 'nssdb');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (caFile === undefined) return;
  const certutil = (...args: string[]) => promisify(execFile)('certutil', ['-d', `sql:${folder}`, ...args]);
  try {
    await certutil('-N', '--empty-password');
    await certutil('-A', '-n', 'lab', '-t', 'C,,', '-i', caFile);
  } catch (cause) {
    throw new Fault(`${caFile} could not be made trusted`, {
      code: 'authority-not-trusted',
      blame: 'harness',
      remedy:
        'Check that the file is a PEM certificate and that the Debian package libnss3-tools is installed.',
      cause,
    });
  }
}
