import { expect } from '@playwright/test';
import fc from 'fast-check';
import { Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import type { Channel, ExecResult } from './channel.ts';
import { parseEvents, readEvents } from './eventlog.ts';

const NS = "xmlns='http://schemas.microsoft.com/win/2004/08/events/event'";

/** Two events as wevtutil prints them: classic events have Qualifiers, and their texts are bare strings. */
const EVENTS =
  `<Event ${NS}><System><Provider Name='AADPasswordResetCredentialProvider'/><EventID Qualifiers='16384'>3</EventID>` +
  `<Level>4</Level><Task>0</Task><Keywords>0x80000000000000</Keywords><TimeCreated SystemTime='2026-11-21T04:05:06.000000000Z'/>` +
  `<EventRecordID>4711</EventRecordID><Channel>Application</Channel><Computer>WIN7-LAB</Computer><Security/></System>` +
  `<EventData><Data>Réinitialisation &lt;démarrée&gt;</Data><Data></Data><Data>密码</Data></EventData></Event>\r\n` +
  `<Event ${NS}><System><Provider Name='AADPasswordResetCredentialProvider' Guid='{1}'/><EventID>2</EventID>` +
  `<Level>2</Level><TimeCreated SystemTime='2026-11-21T04:05:05.1234567Z'/><EventRecordID>4710</EventRecordID>` +
  `<Computer>WIN7-LAB</Computer></System></Event>\r\n`;

const said = (exitCode: number, stdout: string, stderr = ''): ExecResult => ({
  exitCode,
  stdout,
  stderr,
  ms: 1,
});

function channel(result: ExecResult): Channel & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    exec({ line }) {
      lines.push(line);
      return Promise.resolve(result);
    },
    put: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

const deadline = (): Deadline => Deadline.in(1000, 'reading the log');

describe('The event log', () => {
  it('is asked for entries of the add-in since an instant, newest first', async () => {
    const guest = channel(said(0, ''));
    expect(await readEvents(guest, { since: '2026-11-21T05:00:00+01:00', limit: 5 }, deadline())).toEqual([]);
    expect(guest.lines).toEqual([
      `wevtutil qe Application /q:"*[System[Provider[@Name='AADPasswordResetCredentialProvider'] and TimeCreated[@SystemTime>='2026-11-21T04:00:00.000Z']]]" /f:xml /c:5 /rd:true`,
    ]);
  });

  it('is read as records', () => {
    expect(parseEvents(EVENTS)).toEqual([
      {
        recordId: 4711,
        time: '2026-11-21T04:05:06.000Z',
        provider: 'AADPasswordResetCredentialProvider',
        eventId: 3,
        level: 4,
        computer: 'WIN7-LAB',
        data: ['Réinitialisation <démarrée>', '', '密码'],
      },
      {
        recordId: 4710,
        time: '2026-11-21T04:05:05.123Z',
        provider: 'AADPasswordResetCredentialProvider',
        eventId: 2,
        level: 2,
        computer: 'WIN7-LAB',
        data: [],
      },
    ]);
  });

  it('that cannot be read is never taken for empty', async () => {
    const broken = [
      said(5, '', 'Failed to read events. Access is denied.'),
      said(0, 'no such log'),
      said(0, '<Event></Event>'),
      said(0, EVENTS.replace('4711', 'many')),
      said(0, `<!DOCTYPE x>${EVENTS}`),
    ];
    for (const result of broken) {
      await expect(
        readEvents(channel(result), { since: '2026-11-21T00:00:00Z' }, deadline()),
      ).rejects.toMatchObject({
        code: 'eventlog-unreadable',
      });
    }
  });

  it('is read or refused, however it was damaged', () => {
    const damaged = fc
      .tuple(fc.nat(EVENTS.length), fc.nat(30), fc.string({ maxLength: 8 }))
      .map(([at, cut, put]) => EVENTS.slice(0, at) + put + EVENTS.slice(at + cut));
    const feed = (xml: string): void => {
      try {
        expect(parseEvents(xml).length).toBeLessThan(4);
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
      }
    };
    fc.assert(fc.property(damaged, feed), { numRuns: 500 });
  });
});
