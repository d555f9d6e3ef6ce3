import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import type { WinrmEndpoint } from '../../core/endpoints.ts';
import { Fault } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { startDisplay, type Display } from '../../console/testing/display.ts';
import type { MsiFacts } from '../../guest/msi.ts';
import type { WinrmChanges } from '../../lab/guest/winrm-settings.ts';
import { openTestServer, PASSWORD, type TestServer, USER } from '../../lab/guest/winrm-testing.ts';
import { once } from './finding.ts';
import { machineExaminations, runningExaminations } from './machine.ts';
import { findings, troubles } from './testing.ts';

/** What wmic of an English Windows 7 prints, with the time of this host's `date`. */
const wmic = (bits: string, shift: string): string =>
  `date -u -d '${shift}' +'%n%nLocalDateTime=%Y%m%d%H%M%S.%6N+000%nOSArchitecture=${bits}%nVersion=6.1.7601%n'`;

describe('the doctor looks at a machine', function () {
  this.timeout(20_000);
  let display: Display;
  const servers: TestServer[] = [];
  const deadline = () => Deadline.in(20_000, 'looking');
  const msi = once('the package', () => ({ architecture: 'x64' }) as MsiFacts);

  before(async () => {
    display = await startDisplay();
  });
  after(() => display.close());
  afterEach(async () => {
    await Promise.all(servers.splice(0).map(({ server }) => server.close()));
  });

  async function guest({
    changes = {},
    answer = wmic('64-bit', 'now'),
  }: { changes?: WinrmChanges; answer?: string } = {}) {
    const server = await openTestServer({ changes, hostLine: () => answer });
    servers.push(server);
    return server;
  }

  const at = (url: string, password = PASSWORD): WinrmEndpoint => ({
    url,
    user: USER,
    password: new Secret(password, 'everybody'),
  });
  const look = (winrm: WinrmEndpoint, console = display) =>
    findings(runningExaminations({ winrm, console }, msi, deadline()));

  it('and all is well', async () => {
    const { url, commands } = await guest();
    const found = await look(at(url));
    expect(troubles(found)).toEqual({});
    expect(found).toMatchObject({
      WinRM: { says: `${url} as vagrant` },
      'WinRM settings': { says: 'enough: 5 shells of 150 MB, envelopes of 150 KB' },
      Windows: { says: '6.1.7601, x64, as the package' },
      clock: {
        says: expect.stringMatching(/^the machine's clock is \d\.\d s (behind|ahead of) this host's/),
      },
      console: { says: `VNC 127.0.0.1:${display.port}, 1024 x 768` },
    });
    expect(commands.length).toBe(1);
  });

  it('with a wrong WinRM password, which is tried once', async () => {
    const { url, lines } = await guest();
    const found = await look(at(url, 'wrong'));
    expect(troubles(found)).toEqual({
      WinRM: 'problem',
      'WinRM settings': 'later',
      Windows: 'later',
      clock: 'later',
    });
    expect(found['WinRM settings']).toMatchObject({ says: 'waits for WinRM' });
    expect(lines.filter((line) => /password|refus|credential/i.test(line)).length, lines.join('\n')).toBe(1);
  });

  it('with a wrong VNC password', async () => {
    const { url } = await guest();
    const found = await look(at(url), { ...display, password: new Secret('wrong') });
    expect(troubles(found)).toEqual({ console: 'problem' });
    expect(found.console).toMatchObject({
      says: expect.stringContaining('refuses the VNC password'),
      remedy: expect.stringContaining("Set the console's password"),
    });
  });

  it('that allows too little', async () => {
    const { url } = await guest({ changes: { winrs: { maxShellsPerUser: 1, maxMemoryPerShellMb: 64 } } });
    const found = await look(at(url));
    expect(troubles(found)).toEqual({ 'WinRM settings': 'problem' });
    expect(found['WinRM settings']).toEqual({
      state: 'problem',
      says: 'MaxShellsPerUser is 1, a run needs 2; MaxMemoryPerShellMB is 64, a run needs 150',
      remedy:
        'On the machine, as administrator: winrm set winrm/config/winrs @{MaxShellsPerUser="5"} & winrm set winrm/config/winrs @{MaxMemoryPerShellMB="150"}',
    });
  });

  it('whose clock is wrong, or whose architecture is not that of the package', async () => {
    const late = await guest({ answer: wmic('64 bits', '10 minutes ago') });
    const found = await look(at(late.url));
    expect(troubles(found)).toEqual({ clock: 'problem' });
    expect(found.clock?.says).toMatch(/is (599|600)\.\d s behind this host's/);

    const small = await guest({ answer: wmic('32-bit', 'now') });
    const other = await look(at(small.url));
    expect(troubles(other)).toEqual({ Windows: 'problem' });
    expect(other.Windows?.remedy).toContain('x86 installer');
  });

  it('that answers in a way that is not understood: then nothing is known', async () => {
    const { url } = await guest({ answer: 'echo Access denied' });
    expect(troubles(await look(at(url)))).toEqual({ Windows: 'unknown', clock: 'unknown' });
  });

  it('and sends no password by Basic over plain HTTP to another host', async () => {
    // Nobody answers there: it would take until the deadline.
    const found = await look({ ...at('http://192.0.2.7:5985/wsman'), authentication: 'basic' });
    expect(found.WinRM).toMatchObject({
      state: 'problem',
      says: expect.stringContaining('Basic over plain HTTP to 192.0.2.7'),
      remedy: expect.stringContaining('winrm.authentication'),
    });
    expect(found['WinRM settings']).toEqual({ state: 'later', says: 'waits for WinRM' });
  });

  it('that does not run', async () => {
    const down = new Fault('The machine win7 is not running', {
      code: 'machine-down',
      blame: 'machine',
      remedy: 'Start it.',
    });
    const lines = await machineExaminations(
      { name: 'win7', up: 'npx sspr up win7 --config a.yaml' },
      () => Promise.reject(down),
      msi,
      deadline(),
    );
    expect(await findings(lines)).toEqual({
      machine: { state: 'later', says: 'not running: not checked; npx sspr up win7 --config a.yaml' },
    });
  });
});
