import { expect } from '@playwright/test';
import fc from 'fast-check';
import { explainFault } from './faults.ts';
import {
  MalformedAnswer,
  readBody,
  readCommandId,
  readFault,
  readReceived,
  readShellId,
} from './responses.ts';
import { createdShell, receivedXml, soap, wmiFault, wsmanFault } from './scripted-server.ts';

/** Everything that reads an answer; none may throw anything but MalformedAnswer. */
const readers = [readFault, readShellId, readCommandId, readReceived];

function feed(xml: string): void {
  for (const read of readers) {
    try {
      read(readBody(xml));
    } catch (error) {
      if (!(error instanceof MalformedAnswer)) throw error;
    }
  }
}

describe('WinRM answers', () => {
  it('are read or refused, whatever they are', () => {
    expect(() =>
      fc.assert(fc.property(fc.string({ unit: 'binary' }), feed), { numRuns: 2000 }),
    ).not.toThrow();
  });

  it('are read or refused, also when a good one is damaged', () => {
    const good = [
      createdShell,
      receivedXml({ stdout: [Buffer.from('hello')], exitCode: 7 }),
      wsmanFault('2150858793', 'TimedOut', 'text'),
      wmiFault('2150859173', 'text'),
    ];
    const damaged = fc
      .record({
        xml: fc.constantFrom(...good),
        at: fc.nat(900),
        cut: fc.nat(40),
        put: fc.string({ maxLength: 12 }),
      })
      .map(({ xml, at, cut, put }) => xml.slice(0, at) + put + xml.slice(at + cut));
    expect(() => fc.assert(fc.property(damaged, feed), { numRuns: 3000 })).not.toThrow();
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
