import { expect } from '@playwright/test';
import fc from 'fast-check';
import { MachineReadable, type VagrantLine } from './machine-readable.ts';

const parse = (text: string): VagrantLine[] => {
  const parser = new MachineReadable();
  return [...parser.feed(Buffer.from(text)), ...parser.end()];
};

/** As Vagrant 2.3.4 does it (lib/vagrant/ui.rb, MachineReadable). */
const vagrantEscape = (field: string): string =>
  field.replaceAll(',', '%!(VAGRANT_COMMA)').replaceAll('\n', '\\n').replaceAll('\r', '\\r');

/** Text in which nothing looks like one of Vagrant's escapes, which cannot be told from the real ones. */
const unambiguous = fc.string().filter((text) => !/\\|%!\(/.test(text));

describe('Machine-readable output of Vagrant', () => {
  it('is read as events', () => {
    expect(
      parse(
        '1795225856,win7,state,poweroff\n1795225848,,error-exit,Vagrant::Errors::X,no%!(VAGRANT_COMMA)\\nsorry\n',
      ),
    ).toEqual([
      { kind: 'event', target: 'win7', type: 'state', data: ['poweroff'] },
      { kind: 'event', target: '', type: 'error-exit', data: ['Vagrant::Errors::X', 'no,\nsorry'] },
    ]);
  });

  it('may have other text between the events, Windows line ends and a last line without an end', () => {
    expect(parse('Usage: vagrant [options]\r\n\n  -h, --help\n1,win7,action,up,start')).toEqual([
      { kind: 'text', text: 'Usage: vagrant [options]' },
      { kind: 'text', text: '  -h, --help' },
      { kind: 'event', target: 'win7', type: 'action', data: ['up', 'start'] },
    ]);
  });

  it('gives back whatever fields Vagrant has escaped', () => {
    fc.assert(
      fc.property(fc.array(unambiguous, { minLength: 1 }), (fields) => {
        const line = `1795225856,win7,ui,${fields.map(vagrantEscape).join(',')}\n`;
        expect(parse(line)).toEqual([{ kind: 'event', target: 'win7', type: 'ui', data: fields }]);
      }),
    );
  });

  it('means the same in whatever pieces it comes, and never throws', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .tuple(unambiguous, fc.string({ unit: 'grapheme' }))
        .map(([a, b]) => `1,win7,ui,${vagrantEscape(a)},${b}`),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = lines.join('\n');
        const parser = new MachineReadable();
        const byteByByte = [...Buffer.from(text)].flatMap((byte) => parser.feed(Uint8Array.of(byte)));
        expect([...byteByByte, ...parser.end()]).toEqual(parse(text));
      }),
    );
  });
});
