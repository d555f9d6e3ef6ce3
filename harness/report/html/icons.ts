import type { Outcome } from '../../core/outcome.ts';
import { html, trusted, type Html } from './template.ts';

/** Shapes that differ without colour. Each is drawn in a box of 20 x 20 in the colour of the text around it. */
const SHAPES: Readonly<Record<Outcome | 'flaky', string>> = {
  pass: '<circle cx="10" cy="10" r="9" fill="currentColor"/><path d="M5.5 10.4l3 3 6-6.6" class="ink"/>',
  fail: '<path d="M6.3 1h7.4L19 6.3v7.4L13.7 19H6.3L1 13.7V6.3z" fill="currentColor"/><path d="M6.8 6.8l6.4 6.4m0-6.4l-6.4 6.4" class="ink"/>',
  error:
    '<path d="M10 1.2L19.4 18H.6z" fill="currentColor" stroke="currentColor" stroke-linejoin="round"/><path d="M10 7v5m0 2.6v.4" class="ink"/>',
  skipped: '<circle cx="10" cy="10" r="8" class="line"/><path d="M6 10h8" class="line"/>',
  waived:
    '<path d="M10 1l8 3v6c0 4.6-3.2 7.8-8 9-4.8-1.2-8-4.4-8-9V4z" fill="currentColor"/><path d="M5.4 10.8c1.4-2 3-2 4.6-.6s3.200 1.400 4.600-.6" class="ink"/>',
  notApplicable: '<circle cx="10" cy="10" r="3" fill="currentColor"/>',
  flaky: '<path d="M1 10h4l3-7 4 14 3-7h4" class="line"/>',
};

/** Put once into a page; `icon` refers to it. */
export const iconSheet = (): Html =>
  html`<svg class="sheet" aria-hidden="true">
    ${Object.entries(SHAPES).map(
      ([name, shape]) => html`<symbol id="icon-${name}" viewBox="0 0 20 20">${trusted(shape)}</symbol>`,
    )}
  </svg>`;

/** Decoration only: the word must stand beside it. */
export const icon = (name: Outcome | 'flaky'): Html =>
  html`<svg class="icon" aria-hidden="true"><use href="#icon-${name}" /></svg>`;
