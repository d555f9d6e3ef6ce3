import { expect } from '@playwright/test';
import { Deadline } from '../core/deadline.ts';
import type { Channel, ExecResult } from './channel.ts';
import { parseEvents, withHandshakeLogs } from './handshakes.ts';

const HOST = 'passwordreset.microsoftonline.com';
const deadline = (): Deadline => Deadline.in(5000, 'reading the handshakes');

const event = (record: number, rest: string): string =>
  `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='x'/>` +
  `<EventID>1</EventID><EventRecordID>${record}</EventRecordID></System>${rest}</Event>\n`;
const data = (values: Record<string, string>): string =>
  `<EventData>${Object.entries(values)
    .map(([name, value]) => `<Data Name='${name}'>${value}</Data>`)
    .join('')}</EventData>`;
const elements = (values: Record<string, string>): string =>
  `<UserData><EventXML xmlns='LSA_NS'>${Object.entries(values)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')}</EventXML></UserData>`;
const NEGOTIATED = { Type: 'client', Protocol: 'TLS 1.2', CipherSuite: '0xC028', ExchangeStrength: '256' };
const chain = (...names: string[]): string =>
  `<UserData><CertGetCertificateChain><Certificate fileRef='a.cer' subjectName='${names[0]}'/>` +
  `<CertificateChain chainRef='{1}'>${names
    .map((name) => `<ChainElement><Certificate fileRef='b.cer' subjectName='${name}'/></ChainElement>`)
    .join('')}</CertificateChain></CertGetCertificateChain></UserData>`;

describe('parseEvents', () => {
  it('finds what an event names, in either of its two shapes', () => {
    const values = { ...NEGOTIATED, TargetName: HOST };
    for (const rest of [data(values), elements(values)]) {
      expect(parseEvents(event(7, rest))).toEqual([{ recordId: 7, values, chain: [] }]);
    }
  });

  it('finds the chain, the server first', () =>
    expect(parseEvents(event(8, chain(HOST, 'Issuing', 'Root')))).toMatchObject([
      { recordId: 8, chain: [HOST, 'Issuing', 'Root'] },
    ]));

  it('takes no events for none, and refuses what is no event', () => {
    expect(parseEvents('\r\n')).toEqual([]);
    for (const xml of ['Access is denied.', '<!DOCTYPE a><Event/>', '<Event><System/></Event>']) {
      expect(() => parseEvents(xml)).toThrow(expect.objectContaining({ code: 'handshakes-not-logged' }));
    }
  });
});

/** A machine with two logs, reduced to the lines that are typed here. */
class Machine implements Channel {
  readonly lines: string[] = [];
  eventLogging: number | undefined;
  capi2 = false;
  schannelEvents: string[] = [];
  chains: string[] = [];
  refuses: RegExp | undefined;

  exec({ line }: { readonly line: string }): Promise<ExecResult> {
    this.lines.push(line);
    const said = (stdout: string, exitCode = 0): ExecResult => ({ exitCode, stdout, stderr: '', ms: 1 });
    if (this.refuses?.test(line)) return Promise.resolve(said('Access is denied.', 5));
    return Promise.resolve(said(...this.#answer(line)));
  }

  #answer(line: string): [string, number?] {
    const [, value] = /reg add .* \/d (\d+) /.exec(line) ?? [];
    if (value !== undefined) this.eventLogging = Number(value);
    if (line.startsWith('reg delete')) this.eventLogging = undefined;
    if (line.startsWith('reg query')) {
      if (this.eventLogging === undefined) return ['', 1];
      return [`\r\nHKLM\\...\r\n    EventLogging    REG_DWORD    0x${this.eventLogging.toString(16)}\r\n`];
    }
    const [, on] = /wevtutil sl .* \/e:(true|false)/.exec(line) ?? [];
    if (on !== undefined) this.capi2 = on === 'true';
    if (line.startsWith('wevtutil gl'))
      return [`name: CAPI2\r\nenabled: ${this.capi2}\r\ntype: Operational\r\n`];
    if (!line.startsWith('wevtutil qe')) return [''];
    const events = line.includes('CAPI2') ? this.chains : this.schannelEvents;
    const count = Number(/\/c:(\d+)/.exec(line)?.[1]);
    return [[...events].reverse().slice(0, count).join('')];
  }

  put = (): Promise<void> => Promise.resolve();
  close = (): Promise<void> => Promise.resolve();
}

describe('withHandshakeLogs', () => {
  const look = (machine: Machine, work: () => void) =>
    withHandshakeLogs(machine, HOST, deadline(), () => {
      work();
      return Promise.resolve('done');
    });

  it('reads what was logged while the work was done, and nothing older', async () => {
    const machine = new Machine();
    machine.schannelEvents = [event(1, data({ ...NEGOTIATED, Protocol: 'TLS 1.0' }))];
    machine.chains = [event(4, chain('old.example', 'Old Root'))];
    const { result, handshakes } = await look(machine, () => {
      expect([machine.eventLogging, machine.capi2]).toEqual([5, true]);
      machine.schannelEvents.push(event(2, data({ ...NEGOTIATED, Type: 'server' })));
      machine.schannelEvents.push(event(3, data({ ...NEGOTIATED, TargetName: HOST })));
      machine.schannelEvents.push(event(4, data({ ...NEGOTIATED, TargetName: 'update.example' })));
      machine.chains.push(event(5, chain('update.example', 'Other Root')));
      machine.chains.push(event(6, chain(HOST, 'Issuing', 'Root')));
    });
    expect(result).toBe('done');
    expect(handshakes).toEqual({
      logged: { state: 'on' },
      seen: [
        { server: HOST, protocol: 'TLS 1.2', cipherSuite: '0xC028', chain: [HOST, 'Issuing', 'Root'] },
        { server: 'update.example', protocol: 'TLS 1.2', cipherSuite: '0xC028', chain: [] },
      ],
    });
  });

  it('reads Windows 7, which does not name the server', async () => {
    const machine = new Machine();
    const { handshakes } = await look(machine, () => {
      machine.schannelEvents.push(event(1, elements(NEGOTIATED)));
      machine.chains.push(event(2, chain('*.microsoftonline.com', 'Root')));
    });
    expect(handshakes.seen).toEqual([
      { server: '', protocol: 'TLS 1.2', cipherSuite: '0xC028', chain: ['*.microsoftonline.com', 'Root'] },
    ]);
  });

  it('takes the only chain where no certificate is named like the host, and none of several', async () => {
    const machine = new Machine();
    const logged = async (...names: string[]): Promise<readonly string[] | undefined> => {
      const { handshakes } = await look(machine, () => {
        for (const name of names) machine.chains.push(event(machine.chains.length + 1, chain(name, 'Root')));
      });
      return handshakes.seen[0]?.chain;
    };
    expect(await logged('stamp2.login.example', 'stamp2.login.example')).toEqual([
      'stamp2.login.example',
      'Root',
    ]);
    expect(await logged('one.example', 'two.example')).toBeUndefined();
  });

  const states: [number | undefined, boolean][] = [
    [undefined, false],
    [1, false],
    [0, true],
    [4, true],
    [7, false],
  ];
  for (const [eventLogging, capi2] of states) {
    it(`puts both back as they were: EventLogging ${eventLogging ?? 'absent'}, CAPI2 ${capi2}`, async () => {
      const machine = Object.assign(new Machine(), { eventLogging, capi2 });
      await look(machine, () => expect((machine.eventLogging ?? 0) & 4).toBe(4));
      expect([machine.eventLogging, machine.capi2]).toEqual([eventLogging, capi2]);
      await expect(
        look(machine, () => {
          throw new Error('the work failed');
        }),
      ).rejects.toThrow('the work failed');
      expect([machine.eventLogging, machine.capi2]).toEqual([eventLogging, capi2]);
    });
  }

  it('puts them back also when the time is up', async () => {
    const machine = new Machine();
    const short = Deadline.in(20, 'reading the handshakes');
    const work = withHandshakeLogs(machine, HOST, short, async () => {
      while (!short.expired) await new Promise((resolve) => setImmediate(resolve));
      short.check();
    });
    await expect(work).rejects.toMatchObject({ code: 'timed-out' });
    expect([machine.eventLogging, machine.capi2]).toEqual([undefined, false]);
  });

  it('does the work all the same where the logs cannot be had, and says why', async () => {
    const machine = Object.assign(new Machine(), { refuses: /wevtutil|reg add/ });
    const { result, handshakes } = await look(machine, () => undefined);
    expect(result).toBe('done');
    expect(handshakes).toEqual({
      logged: { state: 'off', reason: expect.stringContaining('Access is denied') },
      seen: [],
    });
    expect(machine.lines.some((line) => line.startsWith('reg delete'))).toBe(false);
  });

  it('makes do with one of the two', async () => {
    const machine = Object.assign(new Machine(), { refuses: /reg add/ });
    const { handshakes } = await look(machine, () => machine.chains.push(event(1, chain(HOST, 'Root'))));
    expect(handshakes).toEqual({
      logged: { state: 'on' },
      seen: [{ server: HOST, protocol: '', cipherSuite: '', chain: [HOST, 'Root'] }],
    });
  });

  it('says with which line a log is to be put back that could not be', async () => {
    const machine = new Machine();
    const work = look(machine, () => Object.assign(machine, { refuses: /reg delete/ }));
    await expect(work).rejects.toMatchObject({
      code: 'handshakes-not-restored',
      remedy: expect.stringContaining('reg delete'),
    });
  });
});
