import { expect } from '@playwright/test';
import { malformed, xmlParser } from '../xml.ts';
import {
  MAX_ENVELOPE_BYTES,
  MAX_SEND_BYTES,
  type WsmanRequest,
  createShell,
  deleteShell,
  getConfig,
  identify,
  receive,
  send,
  startCommand,
  terminate,
  toXml,
} from './requests.ts';

const ID = '11111111-2222-4333-8444-555555555555';
const URL = 'http://win7.example:5985/wsman';

describe('WinRM requests', () => {
  const requests: Readonly<Record<string, WsmanRequest>> = {
    Create: createShell(),
    'Command with every character that XML would misread': startCommand(ID, `"<a & 'b'>" \t]]>`),
    Receive: receive(ID, ID),
    Send: send(ID, ID, Buffer.from('x'), true),
    Signal: terminate(ID, ID),
    Delete: deleteShell(ID),
    Get: getConfig(),
    Identify: identify(),
  };
  for (const [name, request] of Object.entries(requests)) {
    it(`${name} is well-formed`, () => {
      const xml = toXml(request, URL);
      expect(malformed(xml)).toBeUndefined();
      expect(Object.keys(xmlParser().parse(xml) as object)).toEqual(['?xml', 'Envelope']);
    });
  }

  it('have a MessageID each', () => {
    const ids = [1, 2, 3].map(() => /uuid:[0-9A-F-]{36}/.exec(toXml(createShell(), URL))?.[0]);
    expect(new Set(ids).size).toBe(3);
  });

  it('keep to the envelope of Windows 7: the longest command and the largest input fit', () => {
    const longest = startCommand(ID, '&'.repeat(8191));
    const largest = send(ID, ID, Buffer.alloc(MAX_SEND_BYTES), true);
    for (const request of [longest, largest]) {
      // 4 KB are left for a seal and its frame.
      expect(Buffer.byteLength(toXml(request, URL))).toBeLessThanOrEqual(MAX_ENVELOPE_BYTES - 4096);
    }
  });

  it('are not sent when they are larger than that, to the byte', () => {
    const empty = Buffer.byteLength(toXml({ ...createShell(), body: '' }, URL));
    const filled = (bytes: number): string => toXml({ ...createShell(), body: 'ä'.repeat(bytes / 2) }, URL);
    const room = Math.floor((MAX_ENVELOPE_BYTES - empty) / 2) * 2;
    expect(Buffer.byteLength(filled(room))).toBeLessThanOrEqual(MAX_ENVELOPE_BYTES);
    expect(() => filled(room + 2)).toThrow(expect.objectContaining({ code: 'winrm-envelope-too-large' }));
  });
});
