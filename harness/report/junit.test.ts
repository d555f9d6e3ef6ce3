import { expect } from '@playwright/test';
import { SaxesParser } from 'saxes';
import { EXAMPLE_CATALOGUE } from './example/catalogue.ts';
import { HOSTILE, testFolder } from './example/folder.ts';
import { TROUBLED_WAIVERS, writeExample, type ExampleOptions } from './example/journal.ts';
import { junit } from './junit.ts';
import { fold } from './results.ts';

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly path: string;
  text: string;
}

/** All elements of a document, in order. Throws at the first thing that is not well-formed XML 1.0. */
function parse(xml: string): Element[] {
  const elements: Element[] = [];
  const open: Element[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes, path: [...open.map((each) => each.name), name].join('/'), text: '' };
    elements.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    const last = open.at(-1);
    if (last) last.text += text;
  });
  parser.on('closetag', () => void open.pop());
  parser.write(xml).close();
  return elements;
}

describe('JUnit XML', () => {
  const folder = testFolder();
  const elementsOf = (options: ExampleOptions): Element[] =>
    parse(junit(fold(writeExample(folder(), options), EXAMPLE_CATALOGUE)));

  it('has a suite for each machine and a case for each control, and counts them', () => {
    const elements = elementsOf({ troubled: true });
    const suites = elements.filter((element) => element.name === 'testsuite');
    expect(suites.map(({ attributes: a }) => [a.name, a.tests, a.failures, a.errors, a.skipped])).toEqual([
      ['win7', '41', '1', '0', '0'],
      ['win8', '41', '0', '0', '2'],
      ['win81', '41', '0', '4', '2'],
    ]);
    const named = (name: string): Element[] => elements.filter((element) => element.name === name);
    expect(named('testcase')).toHaveLength(3 * 41);
    expect([named('failure').length, named('error').length, named('skipped').length]).toEqual([1, 4, 4]);
    expect(named('testsuites')[0]!.attributes).toMatchObject({ tests: '123', failures: '1', errors: '4' });
  });

  it('says what failed, what was expected and what to do', () => {
    const failure = elementsOf({ troubled: true }).find((element) => element.name === 'failure')!;
    expect(failure.attributes).toEqual({ message: 'TLS 1.2 is switched off for clients.', type: 'required' });
    expect(failure.text).toContain(
      'expected: SCHANNEL\\Protocols\\TLS 1.2\\Client Enabled = 1\nobserved: Enabled = 0',
    );
    expect(failure.text).toContain('what to do: Create SCHANNEL');
  });

  it('shows the attempts of a flaky control', () => {
    const outputs = elementsOf({ troubled: true }).filter((element) => element.name === 'system-out');
    expect(outputs.filter((element) => element.text.startsWith('flaky:'))).toHaveLength(1);
  });

  it('says lab in its name and in the properties of each suite, for lab runs only', () => {
    const labOf = (elements: Element[]): unknown[] =>
      elements
        .filter((element) => element.attributes.name === 'lab')
        .map((element) => element.attributes.value);
    const lab = elementsOf({});
    expect(lab[0]!.attributes.name).toBe('SSPR logon compliance (LAB - not a sign-off)');
    expect(labOf(lab)).toEqual(['true', 'true', 'true']);
    const real = elementsOf({ lab: false });
    expect(real[0]!.attributes.name).toBe('SSPR logon compliance');
    expect(labOf(real)).toEqual(['false', 'false', 'false']);
  });

  it('has the verdict and the delay of the time line among the properties, and no case of its own', () => {
    const timelineOf = (options: ExampleOptions): string[] =>
      elementsOf(options)
        .filter(({ attributes }) => attributes.name?.startsWith('timeline.') === true)
        .map(({ path, attributes }) => `${path.split('/').at(-1)!} ${attributes.name!}=${attributes.value!}`);
    expect(timelineOf({ machines: ['win7'] })).toEqual([
      'property timeline.verdict=matched',
      'property timeline.reason=The reset is in the audit log; it was readable at most 4.2 s after it was made',
      'property timeline.delayMs=4200',
      'property timeline.clockAheadSeconds=3.2',
    ]);
    expect(timelineOf({ unrecorded: true }).filter((each) => each.includes('delayMs'))).toHaveLength(2);
    expect(timelineOf({ withoutTimelines: true })).toEqual([]);
  });

  it('says who waives a control and why, and has the waivers and what is wrong with them as properties', () => {
    const elements = elementsOf({ troubled: true, waivers: TROUBLED_WAIVERS });
    const skipped = elements
      .filter(({ name }) => name === 'skipped')
      .map(({ attributes }) => attributes.message);
    expect(skipped).toContain(
      'waived by Quality, Anna Berg until 2027-03-31: The Application log has no entry of the add-in.',
    );
    expect(elements.some(({ text }) => text.startsWith('waived: This version of the add-in'))).toBe(true);
    const first = elements.find(({ name }) => name === 'testsuite')!;
    expect(first.attributes).toMatchObject({ name: 'win7', failures: '0', skipped: '1' });
    const waivers = elements
      .filter(({ attributes }) => attributes.name?.startsWith('waiver.') === true)
      .map(({ attributes }) => `${attributes.name!}=${attributes.value!}`);
    expect(waivers.filter((each) => /^waiver\.\d+=/.test(each))).toHaveLength(3 * TROUBLED_WAIVERS.length);
    expect(waivers).toContain(
      'waiver.3.expired=Not in force since 2026-11-01: where the control is not met, it counts as failed. ' +
        'Remove it, or have it renewed by its owner with a new date.',
    );
    expect(
      elementsOf({ waivers: 'none' }).filter(
        ({ attributes }) => attributes.name?.startsWith('waiver') === true,
      ),
    ).toEqual([]);
  });

  it('stays well-formed with hostile text, and keeps what can be read of it', () => {
    const elements = elementsOf({ hostile: HOSTILE });
    const failure = elements.find((element) => element.name === 'failure')!;
    expect(elements.some((element) => element.name === 'img')).toBe(false);
    expect(failure.attributes.message).toContain('</script></style><img src="http://127.0.0.1:9/x"');
    expect(failure.attributes.message).toContain(']]> [2J]0;takengnp.exe   \nsecond line');
  });
});
