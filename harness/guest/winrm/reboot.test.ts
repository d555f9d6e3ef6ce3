import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import type { Channel, ExecResult } from '../channel.ts';
import { parseWmiTime, reboot, waitForReboot } from './reboot.ts';

const OLD = '20261121030000.000000+000';
const NEW = '20261121041500.250000+060';

const result = (stdout: string, exitCode = 0): ExecResult => ({ exitCode, stdout, stderr: '', ms: 1 });

const gone = (): Fault =>
  new Fault('connection refused', {
    code: 'winrm-unreachable',
    blame: 'machine',
    retryable: true,
    remedy: '-',
  });

/** A machine by its boot time, or a Fault when it cannot be asked. */
function channelTo(
  state: () => string | Fault,
  shutdown: () => ExecResult | Fault = () => result(''),
): Channel & { closed: number } {
  return {
    closed: 0,
    exec({ line }) {
      const answer = line.startsWith('shutdown') ? shutdown() : state();
      if (answer instanceof Fault) return Promise.reject(answer);
      return Promise.resolve(typeof answer === 'string' ? result(`LastBootUpTime=${answer}\r\n`) : answer);
    },
    put: () => Promise.resolve(),
    close() {
      this.closed++;
      return Promise.resolve();
    },
  };
}

describe('reboot', () => {
  it('waits until the machine went away and came back with a newer boot time', async () => {
    const states: (string | Fault)[] = [OLD, gone(), gone(), NEW];
    const old = channelTo(() => OLD, gone);
    const after = await reboot(
      old,
      () => Promise.resolve(channelTo(() => states.shift()!)),
      Deadline.in(9000, 'rebooting'),
    );
    expect(after).toMatchObject({ before: '2026-11-21T03:00:00.000Z', after: '2026-11-21T03:15:00.250Z' });
    expect(states).toEqual([]);
    expect(old.closed).toBe(1);
  });

  it('takes a newer boot time for proof also when it never saw the machine away', async () => {
    const { after } = await reboot(
      channelTo(() => OLD),
      () => Promise.resolve(channelTo(() => NEW)),
      Deadline.in(5000, 'rebooting'),
    );
    expect(after).toBe('2026-11-21T03:15:00.250Z');
  });

  it('says when the machine never went down, and leaves no channel open', async () => {
    const opened: (Channel & { closed: number })[] = [];
    const open = (): Promise<Channel> => {
      opened.push(channelTo(() => OLD));
      return Promise.resolve(opened.at(-1)!);
    };
    await expect(
      reboot(
        channelTo(() => OLD),
        open,
        Deadline.in(700, 'rebooting'),
      ),
    ).rejects.toMatchObject({
      code: 'reboot-never-started',
    });
    expect(opened.map(({ closed }) => closed)).toEqual(opened.map(() => 1));
  });

  it('says when it never came back', async () => {
    await expect(
      reboot(
        channelTo(() => OLD),
        () => Promise.reject(gone()),
        Deadline.in(700, 'rebooting'),
      ),
    ).rejects.toMatchObject({
      code: 'reboot-never-came-back',
      message: expect.stringContaining('connection refused'),
    });
  });

  describe('where the password is refused', () => {
    const before = '2026-11-21T03:00:00.000Z';
    const refused = (): Fault =>
      new Fault('refuses this user name and password', {
        code: 'winrm-unauthorized',
        blame: 'config',
        remedy: '-',
      });

    it('tries again: accounts may be there later than the service', async () => {
      const answers: (Fault | undefined)[] = [gone(), refused(), refused(), undefined];
      const open = (): Promise<Channel> => {
        const fault = answers.shift();
        return fault ? Promise.reject(fault) : Promise.resolve(channelTo(() => NEW));
      };
      const { after } = await waitForReboot(open, before, Deadline.in(9000, 'rebooting'), 10);
      expect(after).toBe('2026-11-21T03:15:00.250Z');
    });

    it('gives up before the account is locked', async () => {
      let tries = 0;
      const open = (): Promise<Channel> => {
        tries++;
        return Promise.reject(refused());
      };
      await expect(waitForReboot(open, before, Deadline.in(9000, 'rebooting'), 10)).rejects.toMatchObject({
        code: 'winrm-unauthorized',
      });
      expect(tries).toBe(3);
    });
  });

  it('says when the machine refuses', async () => {
    const refused = channelTo(
      () => OLD,
      () => result('Access is denied.(5)', 5),
    );
    await expect(
      reboot(refused, () => Promise.reject(gone()), Deadline.in(700, 'rebooting')),
    ).rejects.toMatchObject({
      code: 'reboot-refused',
    });
  });
});

describe('parseWmiTime', () => {
  const wide = Buffer.from(`LastBootUpTime  \r\n${NEW}  `, 'utf16le').toString('latin1');
  const texts: Readonly<Record<string, string | undefined>> = {
    [`\r\n\r\nLastBootUpTime=${NEW}\r\n\r\n`]: '2026-11-21T03:15:00.250Z',
    [`\ufffd\ufffd${wide}`]: '2026-11-21T03:15:00.250Z',
    'LastBootUpTime=20260101003000.000000-480': '2026-01-01T08:30:00.000Z',
    'Invalid query': undefined,
  };
  for (const [text, time] of Object.entries(texts)) {
    it(`reads ${JSON.stringify(text).slice(0, 50)}`, () => expect(parseWmiTime(text)).toBe(time));
  }
});
