import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CLOUD_NAMES } from '../../harness/core/clouds.ts';
import { Fault } from '../../harness/core/errors.ts';
import { SEVERITIES } from '../../harness/core/outcome.ts';
import { JOIN_STATES } from '../../harness/guest/facts.ts';
import { OBSERVATIONS, OPERATING_SYSTEMS, STAGES } from './control.ts';
import { ENGLISH_DOCUMENT } from './english-document.ts';
import { FACTS } from './sources.ts';

/** The controls of one file, as they stand there: nothing is taken for granted of them. */
export interface ControlFile {
  /** Path below specs/controls: `tls.ts`. */
  readonly file: string;
  readonly controls: readonly object[];
}

const sentence = z.string('expected a text').trim().min(10, 'expected a sentence');
const line = z.number().int().min(1).max(ENGLISH_DOCUMENT.lines);
const oneOf = <const Names extends readonly string[]>(names: Names) =>
  z.enum(names, { error: `expected one of: ${names.join(', ')}` });

const source = z.discriminatedUnion(
  'document',
  [
    z.strictObject({
      document: z.literal('english'),
      lines: z
        .tuple([line, line], `expected the first and the last line, of ${ENGLISH_DOCUMENT.lines}`)
        .refine(([first, last]) => first <= last, 'expected the first line before the last one'),
    }),
    z.strictObject({ document: z.literal('facts'), section: oneOf(Object.keys(FACTS)) }),
  ],
  "expected where the requirement comes from: { document: 'english', lines } or { document: 'facts', section }",
);

const control = z.strictObject({
  id: z.string('expected family.name'),
  title: sentence,
  rationale: sentence,
  source,
  severity: oneOf(SEVERITIES),
  stage: oneOf(STAGES),
  needs: z.array(oneOf(STAGES)).optional(),
  observed: z.array(oneOf(OBSERVATIONS)).min(1, 'expected where the control looks'),
  appliesTo: z.strictObject({
    os: z.array(oneOf(OPERATING_SYSTEMS)).min(1, 'expected at least one Windows'),
    clouds: z.array(oneOf(CLOUD_NAMES)).min(1).optional(),
    joins: z.array(oneOf(JOIN_STATES)).min(1).optional(),
  }),
  remediation: sentence,
  judge: z.function().optional(),
});

/**
 * Whether the catalogue can be gone by: every control complete, in the file of its family, with an id that no other has.
 * For whoever changes a file of controls and runs it without the type check.
 * @throws Fault `bad-control`: everything that is wrong, each with file and line
 */
export function checkCatalogue(files: readonly ControlFile[]): void {
  const places = files.flatMap(({ file, controls }) => {
    const lines = linesOfIds(file);
    return controls.map((one, index) => ({ one, file, at: `specs/controls/${file}:${lines[index] ?? 1}` }));
  });
  const seen = new Map<string, string>();
  const problems = places.flatMap(({ one, file, at }) => {
    const parsed = control.safeParse(one);
    const issues = parsed.success
      ? []
      : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}${found(one, path)}`);
    const { id } = one as { id?: unknown };
    if (typeof id === 'string') {
      const family = file.replace(/\.ts$/, '');
      if (!new RegExp(`^${family}\\.[a-z0-9]+(-[a-z0-9]+)*$`).test(id))
        issues.push(`id: expected ${family}.name-with-hyphens, found "${id}"`);
      const before = seen.get(id);
      if (before !== undefined) issues.push(`id: "${id}" is taken, by the control at ${before}`);
      seen.set(id, before ?? at);
    }
    return issues.map((issue) => `${at}: ${issue}`);
  });
  if (problems.length === 0) return;
  throw new Fault(`The catalogue of controls cannot be used: ${problems.join('\n')}`, {
    code: 'bad-control',
    blame: 'config',
    remedy: 'Put this right in the named file; "npm run typecheck" tells more.',
  });
}

function found(one: object, path: readonly PropertyKey[]): string {
  const value = path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    one,
  );
  return value === undefined ? ', found nothing' : `, found ${JSON.stringify(value)}`;
}

/** The line of each control's id, in the order of the file. */
function linesOfIds(file: string): readonly number[] {
  let text: string;
  try {
    text = readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((content, index) => (/^ {4}id: /.test(content) ? [index + 1] : []));
}
