import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Fault } from '../../core/errors.ts';
import { randomIn } from '../network/handshakes.ts';

/**
 * Through which a guest learns of its own TLS connections: GnuTLS, which is below Wine's Schannel, writes the keys of
 * each connection where SSLKEYLOGFILE says. Here that is a pipe, so no key ever lies on a disk; of each line only the
 * client's random number is kept, which was on the wire for everybody to see.
 */
export class KeyLog {
  private constructor(
    readonly path: string,
    private readonly socket: Socket,
  ) {}

  /**
   * @param onRandom is told of every handshake as soon as its keys are known, which may be before it is completed
   * @throws Fault `guest-pipe`
   */
  static open(path: string, onRandom: (random: string) => void): KeyLog {
    rmSync(path, { force: true });
    const made = spawnSync('mkfifo', ['-m', '600', path], { encoding: 'utf8' });
    if (made.status !== 0) {
      throw new Fault(`The pipe ${path} could not be made: ${made.stderr.trim()}`, {
        code: 'guest-pipe',
        blame: 'harness',
        remedy: 'Keep the lab on a file system that can hold pipes.',
        cause: made.error,
      });
    }
    // Opened for writing too: so it has a writer at all times, and never ends.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    let socket: Socket;
    try {
      socket = new Socket({ fd, readable: true, writable: false });
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    socket.on('error', () => socket.destroy());
    socket.unref();
    createInterface({ input: socket }).on('line', (line) => {
      const random = randomIn(line);
      if (random !== undefined) onRandom(random);
    });
    return new KeyLog(path, socket);
  }

  close(): void {
    this.socket.destroy();
    rmSync(this.path, { force: true });
  }
}
