import type { Deadline } from '../../core/deadline.ts';
import type { Frame, KeyEvent, PointerEvent } from '../console.ts';

/** A picture of the screen: RGBA, 8 bits a channel, row by row, alpha 255. */
export type Pixels = Pick<Frame, 'width' | 'height' | 'data'>;

/** Milliseconds between two looks: when something happens, and when nothing does. */
export interface Pace {
  readonly fastest: number;
  readonly slowest: number;
}

/** What a hypervisor offers that has no stream of pictures. It is never called twice at the same time. */
export interface Hypervisor {
  /** The machine, for errors: "VirtualBox' machine 1234". */
  readonly where: string;
  readonly pace: Pace;
  /** @throws Fault `console-no-picture` when there is none for the moment; any other ends the console */
  look(deadline: Deadline): Promise<Pixels>;
  keys(events: readonly KeyEvent[], deadline: Deadline): Promise<void>;
  /** The pointer is on the screen. */
  pointer(event: PointerEvent, deadline: Deadline): Promise<void>;
  /** Gives back what it holds. Never throws: what is gone already needs no giving back. */
  close(): Promise<void>;
}
