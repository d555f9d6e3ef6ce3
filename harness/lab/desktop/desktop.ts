import { appendFileSync, openSync, closeSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { utcNow } from '../../core/clock.ts';
import { Deadline, timedOut } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { LANGUAGES } from '../../core/languages.ts';
import { CAPTIONS } from './captions/captions.ts';
import type { Desktop, DesktopHost, DesktopOptions, Theme } from './contract.ts';
import { startGateway } from './gateway.ts';
import { startKiosk } from './kiosk.ts';
import type { Look } from './messages.ts';
import type { Mortal } from './mortal.ts';
import { startStage, type Stage } from './stage.ts';
import { startVncRelay } from './vnc-relay.ts';
import { startXServer } from './x-server.ts';

/** Chromium takes 2 s on a quiet machine; three at once on two busy cores take much longer. */
const START_MS = 60_000;

const TITLES: Readonly<Record<Theme, string>> = {
  win7: 'Windows 7 (LAB)',
  win8: 'Windows 8 (LAB)',
  win81: 'Windows 8.1 (LAB)',
};

/**
 * Switches a machine's screen on: Xtigervnc on loopback with one Chromium that fills it. It is black until the first
 * scene is shown. No process of it outlives `close()` or the process that called this.
 * @throws Fault `x-server-not-started`, `authority-not-trusted`, `desktop-died` or `timed-out`; nothing is left running
 */
export async function startDesktop(options: DesktopOptions): Promise<Desktop> {
  const { folder, host } = options;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const logFile = join(folder, 'desktop.log');
  const log = openSync(logFile, 'a', 0o600);

  const closers: (() => Promise<void>)[] = [
    async () => {
      closeSync(log);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  ];
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= (async () => {
      for (const closer of closers.reverse()) await closer();
    })());

  try {
    const gateway = await startGateway();
    closers.push(gateway.close);
    const stage = await startStage({
      host,
      gateway,
      log: (line) => appendFileSync(logFile, `${utcNow()} ${line}\n`),
    });
    closers.push(stage.close);
    const screen = await startXServer({
      folder,
      vncPassword: options.vncPassword,
      title: TITLES[host.theme],
      log,
    });
    closers.push(screen.process.kill);
    const kiosk = await startKiosk({
      folder,
      env: screen.env,
      url: stage.url,
      proxyPort: gateway.port,
      caFile: options.caFile,
      log,
    });
    closers.push(kiosk.kill);
    failWith(stage, 'Xtigervnc', screen.process);
    failWith(stage, 'Chromium', kiosk);
    await connected(stage);
    const relay = await startVncRelay(screen.vncPort);
    closers.push(relay.close);
    return { vncPort: relay.port, show: shower(options, stage), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Shows scenes; one that is overtaken by a later one while the host still answers is left out. */
function shower({ host }: DesktopOptions, stage: Stage): Desktop['show'] {
  let latest = 0;
  return async (scene) => {
    const turn = ++latest;
    if (scene !== 'logon') return stage.show({ ...lookOf(host), scene });
    const facts = await host.logonFacts();
    if (turn === latest) await stage.show({ ...lookOf(host), scene, facts });
  };
}

function lookOf(host: DesktopHost): Look {
  const language = host.language();
  return { theme: host.theme, culture: LANGUAGES[language].culture, captions: CAPTIONS[language] };
}

function failWith(stage: Stage, name: string, { ended }: Mortal): void {
  void ended.then((how) =>
    stage.fail(
      new Fault(`${name} of the lab's desktop has ended: ${how}`, {
        code: 'desktop-died',
        blame: 'harness',
        retryable: true,
        remedy: `Check that ${name} runs on this host and that there is memory left; then start the machine again.`,
      }),
    ),
  );
}

/** Waits for the page to connect, but not for ever. */
async function connected(stage: Stage): Promise<void> {
  const what = 'waiting for Chromium to show its page';
  const done = new AbortController();
  const late = Deadline.in(START_MS, what, done.signal)
    .sleep(START_MS)
    .then(() => Promise.reject(timedOut(what, START_MS)));
  await Promise.race([stage.ready(), late]).finally(() => {
    late.catch(() => undefined);
    done.abort();
  });
}
