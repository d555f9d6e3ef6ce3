import type { ControlResult, EvidenceResult, MachineResult, Results } from './model.ts';
import { plain, valueText } from './text.ts';
import { waiverMachines, WAIVER_STATE_WORDS } from './waivers.ts';
import { LAB_TITLE, OUTCOME_COUNTED, VERDICT_WORDS } from './words.ts';

/** The results as JUnit XML: a suite for each machine, a case for each control. For CI servers. */
export function junit(results: Results): string {
  const name = `SSPR logon compliance${results.lab ? ` (${LAB_TITLE})` : ''}`;
  const suites = results.machines.map((machine) => suite(machine, results));
  const totals = tallyOf(results.machines.flatMap((machine) => machine.controls));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    element('testsuites', { name, ...totals, time: seconds(results.ms) }, suites),
    '',
  ].join('\n');
}

function suite(machine: MachineResult, results: Results): string {
  const properties = {
    lab: results.lab,
    signOff: results.signOff,
    run: results.run,
    verdict: VERDICT_WORDS[machine.verdict],
    os: machine.os,
    provider: machine.provider,
    ended: machine.ended,
    package: results.package.path,
    packageSha256: results.package.sha256,
    ...timelineProperties(machine),
    ...waiverProperties(results),
    ...Object.fromEntries(
      Object.entries(results.versions).map(([what, version]) => [`version.${what}`, version]),
    ),
  };
  const faults = machine.faults.map(
    (fault) => `${fault.stage}: ${fault.code} (${fault.blame}): ${fault.message}`,
  );
  return element(
    'testsuite',
    {
      name: machine.name,
      hostname: machine.name,
      timestamp: (machine.startedAt ?? results.startedAt).slice(0, 19),
      ...tallyOf(machine.controls),
      time: seconds(machine.stages.reduce((total, stage) => total + (stage.ms ?? 0), 0)),
    },
    [
      element(
        'properties',
        {},
        Object.entries(properties).map(([key, value]) => element('property', { name: key, value }, [])),
      ),
      ...machine.controls.map((control) => testcase(machine, control)),
      ...(faults.length > 0 ? [element('system-err', {}, [escape(faults.join('\n'))])] : []),
    ],
  );
}

function timelineProperties({ timeline }: MachineResult): Record<string, string | number> {
  if (!timeline) return {};
  return {
    'timeline.verdict': timeline.verdict,
    'timeline.reason': timeline.reason,
    ...(timeline.delayMs === null ? {} : { 'timeline.delayMs': timeline.delayMs }),
    'timeline.clockAheadSeconds': timeline.clock.aheadSeconds,
  };
}

/** Each waiver of the run and each finding about it; in every suite, as whoever reads one may not see the others. */
const waiverProperties = ({ waivers }: Results): Record<string, string> =>
  Object.fromEntries(
    waivers.flatMap((waiver, i) => {
      const name = `waiver.${i + 1}`;
      const { control, owner, reason, expires, state, findings } = waiver;
      return [
        [
          name,
          `${control} on ${waiverMachines(waiver)}, ${owner}, until ${expires} (${WAIVER_STATE_WORDS[state]}): ${reason}`,
        ],
        ...findings.map(({ kind, says, remedy }) => [`${name}.${kind}`, `${says} ${remedy}`]),
      ] as [string, string][];
    }),
  );

function testcase(machine: MachineResult, control: ControlResult): string {
  const ms = control.attempts.reduce((total, attempt) => total + attempt.ms, 0);
  const output = outputOf(control);
  return element(
    'testcase',
    {
      classname: `${machine.name}.${control.stage}`,
      name: `${control.id}: ${control.title}`,
      time: seconds(ms),
    },
    [...outcomeOf(control), ...(output === '' ? [] : [element('system-out', {}, [escape(output)])])],
  );
}

function outcomeOf(control: ControlResult): string[] {
  const { outcome, summary: message } = control;
  switch (outcome) {
    case 'pass':
      return [];
    case 'fail':
      return [element('failure', { message, type: control.severity }, [escape(detailOf(control))])];
    case 'error':
      return [element('error', { message, type: control.blame ?? 'unknown' }, [escape(detailOf(control))])];
    case 'skipped':
    case 'waived':
    case 'notApplicable': {
      const by = control.waiver ? ` by ${control.waiver.owner} until ${control.waiver.expires}` : '';
      return [element('skipped', { message: `${OUTCOME_COUNTED[outcome]}${by}: ${message}` }, [])];
    }
  }
}

const detailOf = (control: ControlResult): string =>
  [
    control.expected === null ? '' : `expected: ${control.expected}`,
    control.observed === null ? '' : `observed: ${control.observed}`,
    `what to do: ${control.remediation}`,
  ]
    .filter((line) => line !== '')
    .join('\n');

const outputOf = (control: ControlResult): string =>
  [
    ...(control.waiver ? [`waived: ${control.waiver.reason}`, detailOf(control)] : []),
    ...(control.flaky
      ? [
          'flaky:',
          ...control.attempts.map((attempt) => `  ${attempt.at} ${attempt.outcome}: ${attempt.summary}`),
        ]
      : []),
    ...control.evidence.map(evidenceLine),
  ].join('\n');

const evidenceLine = (evidence: EvidenceResult): string =>
  evidence.kind === 'file'
    ? `evidence: ${evidence.name}: ${evidence.path} (SHA-256 ${evidence.sha256})`
    : `evidence: ${evidence.name}: ${valueText(evidence.value)}`;

function tallyOf(controls: readonly ControlResult[]): Record<string, number> {
  const of = (...outcomes: ControlResult['outcome'][]): number =>
    controls.filter((control) => outcomes.includes(control.outcome)).length;
  return {
    tests: controls.length,
    failures: of('fail'),
    errors: of('error'),
    skipped: of('skipped', 'waived', 'notApplicable'),
  };
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

function element(
  name: string,
  attributes: Readonly<Record<string, string | number | boolean>>,
  children: readonly string[],
): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escapeAttribute(String(value))}"`,
  );
  const open = `<${name}${written.join('')}`;
  if (children.length === 0) return `${open}/>`;
  const isText = !children.some((child) => child.startsWith('<'));
  const inside = isText ? children.join('') : `\n${children.join('\n')}\n`;
  return `${open}>${inside}</${name}>`;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escape = (text: string): string => plain(text).replace(/[&<>"]/g, (char) => ESCAPES[char] ?? char);

/** A parser turns line ends in attributes into spaces, unless they are written as references. */
const escapeAttribute = (text: string): string =>
  escape(text).replace(/[\n\t]/g, (char) => `&#${char.charCodeAt(0)};`);
