import { expect } from '@playwright/test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { poll } from '../../core/poll.ts';
import { Secret } from '../../core/secret.ts';
import { freePort, startDisplay, type Display } from '../testing/display.ts';
import { ByteReader } from './byte-reader.ts';
import { closed } from './faults.ts';
import { shakeHands } from './handshake.ts';
import { openVnc } from './open-vnc.ts';
import { encodings } from './server-messages.ts';
import { VncConsole } from './vnc-console.ts';

const XRDP = '/usr/sbin/xrdp';

const soon = (): Deadline => Deadline.in(8000, 'testing VNC');

describe('openVnc, against a real Xtigervnc', () => {
  let display: Display;
  before(async () => (display = await startDisplay()));
  after(() => display.close());

  it('opens with the right password, and sees the same in every encoding', async () => {
    const plain = await openVnc(display, soon());
    const packed = await openWith(display, encodings(false));
    await plain.pointer({ x: 0, y: 0, buttons: 0 });
    const [a, b] = [plain.frame(), packed.frame()];
    expect([a.width, a.height]).toEqual([1024, 768]);
    // A root window without a client is one pattern; pixel (500, 300) is far from any pointer.
    expect(a.data.subarray(300 * 4096, 301 * 4096).equals(b.data.subarray(300 * 4096, 301 * 4096))).toBe(
      true,
    );
    expect(a.data.filter((_, i) => i % 4 === 3).every((alpha) => alpha === 255)).toBe(true);
    await plain.close();
    await packed.close();
  });

  it('says that the password is wrong', async () => {
    const opening = openVnc({ ...display, password: new Secret('wrongone') }, soon());
    await expect(opening).rejects.toMatchObject({
      code: 'vnc-unauthorized',
      blame: 'config',
      retryable: false,
    });
  });

  it('follows a change of the size', async () => {
    const console = await openVnc(display, soon());
    const changed = console.frames()[Symbol.asyncIterator]();
    const viewer = await resize(display, 800, 600);
    while (console.frame().width !== 800) await changed.next();
    expect(console.frame()).toMatchObject({ width: 800, height: 600 });
    expect(console.frame().data).toHaveLength(800 * 600 * 4);
    viewer.destroy();
    await console.close();
  });

  it('ends the frames when it is closed, and is of no use then', async () => {
    const console = await openVnc(display, soon());
    const frames = console.frames()[Symbol.asyncIterator]();
    await console.close();
    expect(await frames.next()).toEqual({ done: true, value: undefined });
    await expect(console.keys([{ keysym: 97, down: true }])).rejects.toMatchObject({ code: 'vnc-closed' });
  });

  it('throws to whoever waits when the server goes away', async () => {
    const other = await startDisplay();
    const console = await openVnc(other, soon());
    const next = console.frames()[Symbol.asyncIterator]().next();
    next.catch(() => undefined);
    await other.close();
    await expect(next).rejects.toMatchObject({ code: 'vnc-closed', blame: 'machine', retryable: true });
    expect(() => console.frame()).toThrow(/closed the connection/);
  });
});

describe('openVnc, against what is no VNC console', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  /** A server on loopback; the console's address is where it listens. */
  async function serve(talk: (socket: Socket) => void) {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      talk(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { host: '127.0.0.1', port, password: new Secret('testpass') };
  }
  const opening = async (talk: (socket: Socket) => void, ms = 8000) =>
    openVnc(await serve(talk), Deadline.in(ms, 'testing VNC'));

  it('says that nothing listens', async () => {
    const address = { host: '127.0.0.1', port: await freePort(), password: new Secret('testpass') };
    await expect(openVnc(address, soon())).rejects.toMatchObject({
      code: 'vnc-unreachable',
      retryable: true,
    });
  });

  it('knows Remote Desktop by its answer to a connection request', async () => {
    const rdp = opening((socket) => {
      socket.on(
        'data',
        (request) => request[0] === 3 && socket.write(Buffer.from([3, 0, 0, 11, 6, 0xd0, 0, 0, 0, 0, 0])),
      );
    }, 1000);
    await expect(rdp).rejects.toMatchObject({ code: 'rdp-not-a-console', blame: 'config' });
  });

  it('knows a real Remote Desktop server', async function () {
    if (!existsSync(XRDP)) {
      process.stdout.write(
        `      skipped: ${XRDP} is missing; Debian's package is not installed for this test, since it would start a server\n`,
      );
      this.skip();
    }
    const folder = mkdtempSync(join(tmpdir(), 'sspr-xrdp-'));
    const port = await freePort();
    const settings = join(folder, 'xrdp.ini');
    writeFileSync(
      settings,
      `[Globals]\nini_version=1\nport=tcp://127.0.0.1:${port}\nfork=false\n[Xorg]\nname=Xorg\n`,
    );
    const xrdp = spawn('setpriv', ['--pdeathsig', 'TERM', XRDP, '--nodaemon', '--config', settings], {
      cwd: folder, // it writes sesman.log into the folder that it is started in
    });
    const ended = once(xrdp, 'exit');
    try {
      const dialling = poll(
        async () => {
          const error = await openVnc(
            { host: '127.0.0.1', port, password: new Secret('testpass') },
            Deadline.in(1500, 'x'),
          ).catch((it: unknown) => it);
          // Nobody listens yet.
          const early = error instanceof Fault && error.message.startsWith('No VNC server answers');
          return early ? { done: false, seen: error.message } : { done: true, value: error };
        },
        { deadline: soon(), everyMs: 50 },
      );
      expect(await dialling).toMatchObject({ code: 'rdp-not-a-console', blame: 'config' });
    } finally {
      xrdp.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    }
  });

  it('gives up on a server that never greets', async () => {
    await expect(opening(() => undefined, 600)).rejects.toMatchObject({
      code: expect.stringMatching(/vnc-unreachable|timed-out/),
    });
  });

  it('says what greets in place of VNC', async () => {
    const ssh = opening((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    await expect(ssh).rejects.toMatchObject({ code: 'vnc-unreachable', blame: 'config' });
  });

  it('names security types that it does not speak', async () => {
    const encrypted = opening((socket) => {
      socket.write('RFB 003.008\n');
      socket.on('data', () => socket.write(Buffer.from([2, 19, 30])));
    });
    await expect(encrypted).rejects.toMatchObject({ code: 'vnc-security-unsupported', blame: 'config' });
    await expect(encrypted).rejects.toThrow(/19, 30/);
  });

  it('passes on why a server refuses', async () => {
    const reason = 'Too many security failures';
    const refusing = opening((socket) => {
      socket.write('RFB 003.008\n');
      socket.once('data', () =>
        socket.write(Buffer.concat([Buffer.from([0, 0, 0, 0, reason.length]), Buffer.from(reason)])),
      );
    });
    await expect(refusing).rejects.toMatchObject({ code: 'vnc-refused', retryable: true });
    await expect(refusing).rejects.toThrow(/Too many security failures/);
  });

  for (const [version, security] of [
    ['003.003', [0, 0, 0, 1]],
    ['003.007', [1, 1]],
    ['003.889', [1, 1, 0, 0, 0, 0]],
  ] as const) {
    it(`speaks version ${version}, one byte at a time`, async () => {
      const init = [0, 2, 0, 1, ...Array<number>(16).fill(0), 0, 0, 0, 3, 97, 98, 99];
      const picture = [0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0];
      const console = await opening((socket) => {
        socket.setNoDelay(true);
        const all = [...Buffer.from(`RFB ${version}\n`), ...security, ...init, ...picture];
        const drip = setInterval(() => {
          const byte = all.shift();
          if (byte === undefined) clearInterval(drip);
          else socket.write(Buffer.from([byte]));
        }, 1);
      });
      expect([...console.frame().data]).toEqual([1, 2, 3, 255, 4, 5, 6, 255]);
      await console.close();
    });
  }
});

/** A console with its own choice of encodings. */
async function openWith(
  { host, port, password }: Display,
  known: ReturnType<typeof encodings>,
): Promise<VncConsole> {
  const socket = connect(port, host);
  const from = new ByteReader();
  socket.on('data', (chunk: Buffer) => from.push(chunk)).on('close', () => from.end(closed('the test')));
  const wire = { from, where: 'the test', send: (bytes: Buffer) => void socket.write(bytes) };
  return new VncConsole(wire, () => socket.destroy(), await shakeHands(wire, password), known).start();
}

/** Asks the server for another size of the screen, as a viewer does: ExtendedDesktopSize and SetDesktopSize. */
async function resize({ host, port, password }: Display, width: number, height: number): Promise<Socket> {
  const socket = connect(port, host);
  const from = new ByteReader();
  socket.on('data', (chunk: Buffer) => from.push(chunk)).on('close', () => from.end(closed('the test')));
  const send = (bytes: Buffer): void => void socket.write(bytes);
  await shakeHands({ from, where: 'the test', send }, password);
  const message = Buffer.alloc(24);
  message[0] = 251;
  message.writeUInt16BE(width, 2);
  message.writeUInt16BE(height, 4);
  message[6] = 1;
  message.writeUInt16BE(width, 16);
  message.writeUInt16BE(height, 18);
  send(Buffer.from([2, 0, 0, 1, 0xff, 0xff, 0xfe, 0xcc]));
  send(Buffer.from([3, 0, 0, 0, 0, 0, 0, 1, 0, 1]));
  // The first update tells the screens; the server takes a new size only after it.
  const head = await from.bytes(4 + 12 + 4 + 16);
  message.writeUInt32BE(head.readUInt32BE(20), 8);
  send(message);
  return socket;
}
