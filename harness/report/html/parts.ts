import type { ControlResult } from '../model.ts';
import { html, type Html } from './template.ts';

/** What was expected and what was seen, one below the other. */
export const compared = ({ expected, observed }: ControlResult): Html | false =>
  (expected !== null || observed !== null) &&
  html`<dl class="compared">
    ${
      expected !== null &&
      html`<dt>Expected</dt>
        <dd><code>${expected}</code></dd>`
    }
    ${
      observed !== null &&
      html`<dt>Observed</dt>
        <dd><code>${observed}</code></dd>`
    }
  </dl>`;

export const remedy = (text: string): Html => html`<p class="remedy"><b>What to do</b> ${text}</p>`;

/** Where the details of a control are found in the page: the id of its row, as it stands in a link. */
export const fragment = (control: string): string => encodeURIComponent(`control-${control}`);
