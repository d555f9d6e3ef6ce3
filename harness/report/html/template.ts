import { plain } from '../text.ts';

/** Markup that is safe to put into a page as it is. Only `html` and `trusted` make it. */
export class Html {
  constructor(readonly markup: string) {}
}

type Piece = Html | string | number | boolean | null | undefined | readonly Piece[];

/**
 * A template whose values are escaped, so that hostile text stays text: between tags and in double-quoted attributes.
 * Lists are joined; `null`, `undefined` and `false` leave nothing. The indentation of the template is left out.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Html {
  return new Html(
    strings
      .map((part, i) => part.replace(/\n\s+/g, '\n') + (i < values.length ? markupOf(values[i]) : ''))
      .join(''),
  );
}

/** Markup of our own making: style sheets, scripts, icons. */
export const trusted = (markup: string): Html => new Html(markup);

function markupOf(value: Piece): string {
  if (value instanceof Html) return value.markup;
  if (isList(value)) return value.map(markupOf).join('');
  if (value === null || value === undefined || value === false) return '';
  return plain(String(value)).replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}

const isList = (value: Piece): value is readonly Piece[] => Array.isArray(value);

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
