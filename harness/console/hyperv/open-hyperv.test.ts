import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { failed } from '../../powershell/errors.ts';
import type { PowerShell } from '../../powershell/powershell.ts';
import type { Console } from '../console.ts';
import { chord, strokes } from '../keys.ts';
import { openConsole } from '../open.ts';
import { HYPERV_VM, startHyperv, type HypervHost } from '../testing/hyperv.ts';
import type { BehindMachine } from '../testing/machine.ts';
import { refusal } from './return-codes.ts';

const soon = (ms = 5000): Deadline => Deadline.in(ms, 'testing Hyper-V');

describe('The console of Hyper-V', () => {
  let host: HypervHost;
  let console: Console | undefined;
  let got: unknown[];
  const machine: BehindMachine = {
    frame: () => ({ width: 64, height: 48, data: Buffer.alloc(64 * 48 * 4, 255), version: 1 }),
    scancodes: (bytes) => Promise.resolve(void got.push(...bytes)),
    move: (x, y) => Promise.resolve(void got.push(`move ${x} ${y}`)),
    button: (number, down) => Promise.resolve(void got.push(`${down ? 'press' : 'release'} ${number}`)),
    close: () => Promise.resolve(),
  };

  beforeEach(() => {
    got = [];
    host = startHyperv(() => machine);
  });
  afterEach(async () => {
    await console?.close();
    console = undefined;
  });
  const open = async (powershell: PowerShell = host, id = HYPERV_VM, deadline = soon()): Promise<Console> =>
    (console = await openConsole({ kind: 'hyperv', id }, deadline, { powershell }));

  it('comes from beside before it presses a button, and only then', async () => {
    await open();
    await console!.pointer({ x: 0, y: 9, buttons: 0 });
    await console!.pointer({ x: 0, y: 9, buttons: 1 });
    await console!.pointer({ x: 30, y: 9, buttons: 1 });
    await console!.pointer({ x: 30, y: 9, buttons: 2 });
    expect(got).toEqual([
      'move 0 9',
      ...['move 1 9', 'move 0 9', 'press 1'],
      'move 30 9',
      ...['move 29 9', 'move 30 9', 'release 1', 'press 2'],
    ]);
  });

  it('offers a full keyboard the same keys again', async () => {
    await open();
    host.refusals.push(32773);
    await console!.keys(strokes('a'));
    expect(got).toEqual([0x1e, 0x9e]);
    expect(host.calls.filter(({ doing }) => doing.startsWith('pressing'))).toHaveLength(2);
  });

  it('never holds a key that was typed in what it tells PowerShell to do', async () => {
    await open();
    await console!.keys([...strokes('a'), ...chord(['Control', 'Alt', 'Delete'])]);
    expect(new Set(host.calls.map(({ doing }) => doing))).toEqual(
      new Set(['taking a picture of a Hyper-V machine', 'pressing keys of a Hyper-V machine']),
    );
    expect(host.calls.find(({ doing }) => doing.startsWith('pressing'))?.data).toEqual({
      id: HYPERV_VM,
      codes: [0x1e, 0x9e, 0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d],
    });
  });

  it('is refused where enhanced sessions are possible, with the switch', async () => {
    host.enhanced = 2;
    await expect(open()).rejects.toMatchObject({
      code: 'enhanced-session',
      blame: 'config',
      remedy: expect.stringContaining('Set-VMHost -EnableEnhancedSessionMode $false'),
    });
    expect(host.closed).toBe(true);
  });

  for (const [what, enhanced] of [
    ['an old host', 0],
    ['a host that does not allow them', 3],
    ['Windows 7, which knows none', 6],
  ] as const)
    it(`opens on ${what}`, async () => {
      host.enhanced = enhanced;
      expect((await open()).frame()).toMatchObject({ width: 64, height: 48 });
    });

  for (const [state, says] of [
    [3, 'off'],
    [32769, 'saved'],
    [9, 'paused'],
    [4711, 'in the state 4711'],
  ] as const)
    it(`says that the machine is ${says}`, async () => {
      host.state = state;
      await expect(open()).rejects.toMatchObject({
        code: 'machine-down',
        message: expect.stringContaining(says),
      });
      expect(host.closed).toBe(true);
    });

  it('says that Hyper-V shows no such machine, and asks nothing of an id that is none', async () => {
    await expect(open(host, HYPERV_VM.replace('5', '6'))).rejects.toMatchObject({
      code: 'hyperv-no-such-machine',
      remedy: expect.stringContaining('elevated'),
    });
    const other = startHyperv(() => machine);
    await expect(open(other, "x' or Name like '%")).rejects.toMatchObject({ code: 'hyperv-no-such-machine' });
    expect(other.calls).toEqual([]);
  });

  it('says what to do where the synthetic mouse is missing', async () => {
    await open();
    host.syntheticMouse = false;
    await expect(console!.pointer({ x: 1, y: 1, buttons: 0 })).rejects.toMatchObject({
      code: 'console-no-pointer',
      remedy: expect.stringContaining('integration services'),
    });
  });

  it('takes another look when WMI has none, but not where access is denied', async () => {
    host.refusals.push(32768, 32775);
    await open();
    expect(host.refusals).toEqual([]);
    host.refusals.push(32769);
    await expect(console!.frames()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'hyperv-refused',
      blame: 'config',
    });
  });

  const ERRORS: Readonly<Record<string, string>> = {
    'hyperv-missing':
      'HRESULT 0x8004100e,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand',
    'hyperv-access-denied':
      'HRESULT 0x80041003,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand',
    'console-no-picture':
      'HRESULT 0x80041032,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand',
  };
  for (const [code, id] of Object.entries(ERRORS))
    it(`knows ${code} by PowerShell's identifier, in any language`, async () => {
      const record = {
        message: 'Ung\u00fcltiger Namespace',
        id,
        category: 'MetadataError',
        number: null,
        line: 9,
      };
      host.run = (script) => Promise.reject(failed(script.doing, record));
      await expect(open(host, HYPERV_VM, soon(300))).rejects.toMatchObject({ code });
    });

  for (const [what, answer, code] of [
    ['too few bytes', { returnValue: 0, image: 'AAAA', width: 64, height: 48 }, 'console-no-picture'],
    ['no image', { returnValue: 0, width: 64, height: 48 }, 'console-no-picture'],
    ['no resolution', {}, 'console-no-picture'],
    ['something else', { width: 'wide' }, 'powershell-protocol'],
  ] as const)
    it(`does not take ${what} for a picture`, async () => {
      host.run = () => Promise.resolve({ found: true, state: 2, enhanced: 3, ...answer });
      await expect(open(host, HYPERV_VM, soon(300))).rejects.toMatchObject({ code });
    });
});

describe('Return values of Hyper-V', () => {
  it('that are good are no refusal', () => {
    expect([0, 4096].map((value) => refusal('it', 'a click', value))).toEqual([undefined, undefined]);
  });

  for (let value = 32768; value <= 32778; value++)
    it(`have a meaning and a remedy: ${value}`, () => {
      const fault = refusal('it', 'a click', value)!;
      expect(fault.code).toBe('hyperv-refused');
      expect(fault.message).not.toContain('undocumented');
      expect(fault.remedy).toMatch(/^[A-Z].*\.$/);
    });

  it('that nobody has documented are told as such', () => {
    expect(refusal('it', 'a click', 5)?.message).toContain('undocumented return value (5)');
  });
});
