import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { CATALOGUE } from './catalogue.ts';
import type { AppliesTo, Control, Source } from './control.ts';
import { ENGLISH_DOCUMENT, STATEMENTS } from './english-document.ts';
import { FACTS } from './sources.ts';

/** Where the rendered catalogue is committed. */
export const CONTROLS_DOCUMENT = fileURLToPath(new URL('../../docs/controls.md', import.meta.url));

/** The catalogue as Markdown, in the form in which prettier leaves it. */
export function renderControls(): string {
  const families = new Set(CATALOGUE.map(familyOf));
  return [
    '# Controls',
    'Generated from `specs/controls/` by `node --import tsx specs/controls/render.ts`. Change the catalogue, not this file.',
    `${CATALOGUE.length} controls. A machine is not compliant when one that is required fails; those that are recommended or informational are reported only.`,
    ...[...families].flatMap((family) => [
      `## ${family}`,
      ...CATALOGUE.filter((control) => familyOf(control) === family).flatMap(renderControl),
    ]),
    '## Statements of the English document',
    `Microsoft's guide of ${ENGLISH_DOCUMENT.date}, in our own words, with the controls that check each statement.`,
    STATEMENTS.map(
      ({ lines, says, controls }) =>
        `- ${inLines(lines)}: ${escape(says)} ${controls.map((id) => `[${id}](#${anchor(id)})`).join(', ')}`,
    ).join('\n'),
    '## Other sources',
    Object.entries(FACTS)
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([section, { title, evidence }]) => `- ${section}: ${escape(title)}. ${escape(evidence)}`)
      .join('\n'),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

const familyOf = ({ id }: Control): string => id.split('.')[0] ?? '';

function renderControl(control: Control): string[] {
  const { id, title, severity, stage, appliesTo, observed, source, rationale, remediation, judge } = control;
  return [
    `### ${id}`,
    `${escape(title)}.`,
    [
      `- **Severity** ${severity}, **machines** ${machinesOf(appliesTo)}, **observed** ${observed.join(' and ')}`,
      `- **Decided** in the stage ${stage}, from ${judge === undefined ? 'what the stage does' : 'the facts of the machine'}`,
      `- **Source** ${inWords(source)}`,
      `- **Why** ${escape(rationale)}`,
      `- **Remedy** ${escape(remediation)}`,
    ].join('\n'),
  ];
}

const machinesOf = ({ os, clouds, joins }: AppliesTo): string =>
  [os, clouds ?? [], joins ?? []]
    .filter((some) => some.length > 0)
    .map((some) => some.join(', '))
    .join('; ');

function inWords(source: Source): string {
  return source.document === 'english'
    ? `English document, ${inLines(source.lines).toLowerCase()}`
    : `${source.section}: ${escape(FACTS[source.section].title)}`;
}

const inLines = ([first, last]: readonly [number, number]): string =>
  first === last ? `Line ${first}` : `Lines ${first} to ${last}`;

/** GitHub's anchor of a heading. */
const anchor = (id: string): string => id.replace('.', '');

const escape = (text: string): string => text.replace(/[\\*<]/g, '\\$&');

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(CONTROLS_DOCUMENT, renderControls());
