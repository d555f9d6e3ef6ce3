import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Deadline } from '../../core/deadline.ts';
import type { Console } from '../console.ts';
import { openVnc } from '../rfb/open-vnc.ts';
import type { Display } from './display.ts';
import { readQemuKeymap } from './qemu-keymap.ts';

export const XDOTOOL = '/usr/bin/xdotool';

/** The machine behind a stand-in for a hypervisor: a real X display, with the keyboard and mouse of xdotool. */
export interface BehindMachine {
  /** The screen as it is now. */
  frame(): ReturnType<Console['frame']>;
  /** The bytes that a keyboard sends. @throws Error on bytes that are no scancodes of set 1 */
  scancodes(bytes: readonly number[]): Promise<void>;
  /** @param buttons as X11 numbers them: 1 left, 2 middle, 3 right */
  move(x: number, y: number): Promise<void>;
  button(number: number, down: boolean): Promise<void>;
  close(): Promise<void>;
}

/** The eye that looks at the screen is tested by itself, against the same server. */
export async function machineBehind(display: Display): Promise<BehindMachine> {
  const eye = await openVnc(display, Deadline.in(10_000, 'looking at the screen of a stand-in'));
  const keymap = readQemuKeymap();
  const xdotool = async (...args: string[]): Promise<void> => {
    await promisify(execFile)(XDOTOOL, args, { env: { PATH: process.env.PATH, DISPLAY: display.display } });
  };
  return {
    frame: () => eye.frame(),
    async scancodes(bytes) {
      const commands: string[] = [];
      for (let i = 0; i < bytes.length; i++) {
        const prefix = bytes[i] === 0xe0 ? [0xe0] : [];
        const last = bytes[prefix.length > 0 ? ++i : i] ?? 0;
        const key = keymap.key([...prefix, last & 0x7f]);
        if (key === undefined) throw new Error(`no key has the scancode ${[...prefix, last].join(' ')}`);
        commands.push(last & 0x80 ? 'keyup' : 'keydown', '--delay', '2', key);
      }
      if (commands.length > 0) await xdotool(...commands);
    },
    move: (x, y) => xdotool('mousemove', String(x), String(y)),
    button: (number, down) => xdotool(down ? 'mousedown' : 'mouseup', String(number)),
    close: () => eye.close(),
  };
}
