import type { Area } from '../core/journal.ts';

/** A copy of the framebuffer: RGBA, 8 bits a channel, row by row, alpha 255. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly data: Buffer;
  /** Counts the updates of this console; equal numbers mean equal pixels. */
  readonly version: number;
}

/** The rectangles that changed with one update. */
export interface Damage {
  readonly areas: readonly Area[];
  readonly version: number;
}

/** Pixels. A blinking caret changes fewer than this twice a second, for ever: that is no change of the screen. */
export const CARET = 80;

/** A key by its X11 keysym. Printable characters of Latin-1 have their own code as keysym. */
export interface KeyEvent {
  readonly keysym: number;
  readonly down: boolean;
}

/** Where the pointer is, in pixels, and which buttons are held (bit 0 left, bit 1 middle, bit 2 right). */
export interface PointerEvent {
  readonly x: number;
  readonly y: number;
  readonly buttons: number;
}

/** The running machine seen from outside. Every driver offers exactly this. */
export interface Console {
  /** Milliseconds by which `frame()` may be behind the screen; not there when every change is told at once. */
  readonly lag?: number;
  /** Yields whenever something on the screen has changed; ends when the console closes. */
  frames(): AsyncIterable<Damage>;
  /** The present screen. */
  frame(): Frame;
  keys(events: readonly KeyEvent[]): Promise<void>;
  pointer(event: PointerEvent): Promise<void>;
  close(): Promise<void>;
}
