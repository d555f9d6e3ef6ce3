import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type * as z from 'zod';

/** What a file says, or every mistake in it as `file:line:column key: found ...; expected ...`. */
export type Checked<T> =
  | { readonly data: T; readonly mistakes?: undefined }
  | { readonly data?: undefined; readonly mistakes: readonly string[] };

/**
 * Reads YAML of a given shape.
 * @param name how the file is called in error messages
 * @param isHidden says of an issue that what was found there is not to be shown
 */
export function checkYaml<Shape extends z.ZodType>(
  text: string,
  name: string,
  shape: Shape,
  isHidden: (issue: z.core.$ZodIssue) => boolean = () => false,
): Checked<z.output<Shape>> {
  const { document, lines } = parseYaml(text);
  if (document.errors.length > 0) {
    const mistakes = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return `${name}:${line}:${col} is not YAML: ${error.message}`;
    });
    return { mistakes };
  }
  const parsed = shape.safeParse(document.toJS({ maxAliasCount: 50 }));
  if (parsed.success) return { data: parsed.data };
  const mistakes = parsed.error.issues.map((issue) => {
    const found = document.getIn(issue.path as (string | number)[]);
    const shown =
      isNode(found) ||
      typeof found === 'object' ||
      found === undefined ||
      isHidden(issue) ||
      issue.message.startsWith('found ')
        ? ''
        : ` (found ${JSON.stringify(found)})`;
    return `${name}:${positionOf(document, lines, issue.path)} ${issue.path.join('.') || 'the file'}: ${inWords(issue)}${shown}`;
  });
  return { mistakes };
}

/** A key that is not there is the commonest mistake, and zod speaks of undefined. */
const inWords = ({ code, message }: z.core.$ZodIssue): string =>
  code === 'invalid_type' && message.endsWith('received undefined')
    ? message.replace(/^Invalid input: expected (\w+), received undefined$/, 'is missing; expected $1')
    : message;

/** What is wrong with the value at a path, in one sentence: what was found, and what was expected. */
export interface Mistake {
  readonly path: readonly (string | number)[];
  readonly says: string;
}

/** Mistakes that only somebody sees who knows more than the shape, each with its place in the file. */
export function placed(text: string, name: string, mistakes: readonly Mistake[]): string[] {
  const { document, lines } = parseYaml(text);
  return mistakes.map(
    ({ path, says }) => `${name}:${positionOf(document, lines, path)} ${path.join('.')}: ${says}`,
  );
}

function parseYaml(text: string): { document: Document; lines: LineCounter } {
  const lines = new LineCounter();
  return { document: parseDocument(text, { lineCounter: lines, prettyErrors: false }), lines };
}

/** Line and column of the deepest part of the path that is in the file. */
function positionOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): string {
  for (let depth = path.length; depth >= 0; depth--) {
    const node: unknown = document.getIn(path.slice(0, depth) as (string | number)[], true);
    if (isNode(node) && node.range) {
      const { line, col } = lines.linePos(node.range[0]);
      return `${line}:${col}`;
    }
  }
  return '1:1';
}
