import { expect } from '@playwright/test';
import fc from 'fast-check';
import { Fault } from '../../core/errors.ts';
import { readAnswer } from './answer.ts';
import { readConfig, readProductVersion } from './config-answer.ts';
import { explainFault } from './faults.ts';
import {
  MalformedAnswer,
  readBody,
  readCommandId,
  readFault,
  readReceived,
  readShellId,
} from './responses.ts';
import { CONFIG_ANSWER, createdShell, receivedXml, soap, wmiFault, wsmanFault } from './scripted-server.ts';

/** Everything that reads an answer; none may throw anything but MalformedAnswer. */
const readers = [readFault, readShellId, readCommandId, readReceived, readConfig, readProductVersion];

function feed(xml: string): void {
  let body: unknown;
  refused(MalformedAnswer, () => (body = readBody(xml)));
  for (const read of readers) refused(MalformedAnswer, () => read(body));
  refused(Fault, () => readAnswer(500, xml, 'testing'));
}

/** Does it; of what is thrown, only this kind of error is right. */
function refused(kind: new (...args: never[]) => Error, act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof kind)) throw error;
  }
}

describe('WinRM answers', () => {
  it('are read or refused, whatever they are', () => {
    expect(() =>
      fc.assert(fc.property(fc.string({ unit: 'binary' }), feed), { numRuns: 1000 }),
    ).not.toThrow();
  });

  it('are read or refused, also when a good one is damaged', () => {
    const good = [
      createdShell,
      receivedXml({ stdout: [Buffer.from('hello')], exitCode: 7 }),
      wsmanFault('2150858793', 'TimedOut', 'text'),
      wmiFault('2150859173', 'text'),
      CONFIG_ANSWER,
    ];
    const damaged = fc
      .record({
        xml: fc.constantFrom(...good),
        at: fc.nat(1500),
        cut: fc.nat(40),
        put: fc.string({ maxLength: 12 }),
      })
      .map(({ xml, at, cut, put }) => xml.slice(0, at) + put + xml.slice(at + cut));
    expect(() => fc.assert(fc.property(damaged, feed), { numRuns: 2000 })).not.toThrow();
  });

  it('give back every byte of output, however it was cut', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 });
    fc.assert(
      fc.property(pieces, pieces, (stdout, stderr) => {
        const read = readReceived(readBody(receivedXml({ stdout, stderr })));
        expect(Buffer.concat(read.stdout)).toEqual(Buffer.concat(stdout));
        expect(Buffer.concat(read.stderr)).toEqual(Buffer.concat(stderr));
        expect(read.exitCode).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });

  it('are refused when they end too early, wherever that is', () => {
    const xml = receivedXml({ stdout: [Buffer.from('a line of output')], exitCode: 0 });
    for (let length = 0; length < xml.length; length++) {
      expect(() => readBody(xml.slice(0, length)), xml.slice(0, length)).toThrow(MalformedAnswer);
    }
  });

  it('are refused at once when millions of blanks stand for output', () => {
    const blanks = (end: string): unknown =>
      readBody(
        soap(
          `<rsp:ReceiveResponse><rsp:Stream Name="stdout">${' '.repeat(3_000_000)}${end}</rsp:Stream></rsp:ReceiveResponse>`,
        ),
      );
    expect(() => readReceived(blanks('!'))).toThrow(/not Base64/);
    expect(() => readReceived(blanks('='))).toThrow(/not Base64/);
    expect(readReceived(blanks('YQ==')).stdout.map(String)).toEqual(['a']);
  });

  it('may hold no output at all', () => {
    for (const empty of ['<rsp:ReceiveResponse/>', '<rsp:ReceiveResponse>\n  </rsp:ReceiveResponse>']) {
      expect(readReceived(readBody(soap(empty)))).toEqual({ stdout: [], stderr: [] });
    }
  });

  it('are refused when their output is not Base64', () => {
    const xml = receivedXml({ stdout: [Buffer.from('a line of output')] });
    const damaged = xml.replace('YSBsaW5l', 'YSB%aW5l');
    expect(damaged).not.toBe(xml);
    expect(() => readReceived(readBody(damaged))).toThrow(/not Base64/);
  });

  describe('made to do harm', () => {
    const MEGABYTES = 3_000_000;
    const bad: Readonly<Record<string, string>> = {
      'deep nesting': soap('<a>'.repeat(MEGABYTES / 3)),
      'deep and closed': soap('<a>'.repeat(400_000) + '</a>'.repeat(400_000)),
      'a doctype': `<!DOCTYPE a [<!ENTITY b "${'x'.repeat(100_000)}">]>${soap('&b;'.repeat(100_000))}`,
      'an attribute without end': `<s:Envelope a="${'x'.repeat(MEGABYTES)}`,
      'open comments': `<a>${'<!--'.repeat(MEGABYTES / 4)}`,
      'open instructions': '<?x '.repeat(MEGABYTES / 4),
      'nothing but brackets': '<'.repeat(MEGABYTES),
      'blanks in a tag': `<a${' '.repeat(MEGABYTES)}b/>`,
      'a name without end': `<a ${'b'.repeat(MEGABYTES)}`,
      'attributes without quotes': `<a ${'b=c '.repeat(MEGABYTES / 4)}/>`,
      'an attribute and no end': `<a ${'b="c" '.repeat(MEGABYTES / 6)}`,
      'ends without beginnings': soap('</b>'.repeat(MEGABYTES / 4)),
    };
    for (const [what, xml] of Object.entries(bad)) {
      it(`${what}: refused`, () => expect(() => readBody(xml)).toThrow(MalformedAnswer));
    }

    it('a huge attribute, thousands of attributes, entities or elements: read to no effect', () => {
      for (const body of [
        `<a b="${'x'.repeat(MEGABYTES)}"/>`,
        `<a ${Array.from({ length: 20_000 }, (_, n) => `b${n}="x"`).join(' ')}/>`,
        `<a>${'&amp;&#13;'.repeat(MEGABYTES / 20)}</a>`,
        '<a/>'.repeat(MEGABYTES / 40),
      ]) {
        expect(() => readReceived(readBody(soap(body)))).toThrow(MalformedAnswer);
      }
    });
  });

  it('may use any prefix and CDATA', () => {
    const xml =
      '<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"><Body><q:CommandResponse xmlns:q="q">' +
      '<q:CommandId><![CDATA[AB-12]]></q:CommandId></q:CommandResponse></Body></Envelope>';
    expect(readCommandId(readBody(xml))).toBe('AB-12');
  });

  it('have exit codes as Windows counts them', () => {
    const code = (text: string): number | undefined =>
      readReceived(
        readBody(receivedXml({ exitCode: 0 }).replace('<rsp:ExitCode>0<', `<rsp:ExitCode>${text}<`)),
      ).exitCode;
    expect(code('3010')).toBe(3010);
    expect(code('-1073741819')).toBe(0xc0000005);
    expect(code('4294967295')).toBe(0xffffffff);
    expect(code('-1')).toBe(0xffffffff);
    for (const none of ['4294967296', '-2147483649', '', '0x0', '1.5', 'NaN']) {
      expect(() => code(none), none).toThrow(MalformedAnswer);
    }
  });

  it('have faults with a number in either form of detail', () => {
    expect(readFault(readBody(wsmanFault('2150858843', 'InvalidSelectors', 'gone')))).toEqual({
      number: '2150858843',
      subcode: 'InvalidSelectors',
      reason: 'gone',
    });
    expect(readFault(readBody(wmiFault('2150859174', 'too many')))).toMatchObject({ number: '2150859174' });
    expect(readFault(readBody(soap('<s:Fault><s:Code/></s:Fault>')))).toEqual({
      number: '',
      subcode: '',
      reason: '',
    });
  });

  it('have an unknown fault explained with what the machine said', () => {
    const fault = explainFault({ number: '123', subcode: 'Odd', reason: 'the moon' }, 'opening a shell');
    expect(fault.message).toBe('WinRM failed while opening a shell: it refused (123: the moon)');
  });
});
