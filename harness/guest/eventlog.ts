import { z } from 'zod';
import type { Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import type { Channel } from './channel.ts';
import { elementText as text, hasDoctype, xmlParser } from './xml.ts';

/** Source of the add-in's entries in the Application log (facts 1.4). Their ids and texts are not documented. */
export const SSPR_EVENT_SOURCE = 'AADPasswordResetCredentialProvider';

/** One entry of an event log. */
export interface EventRecord {
  readonly recordId: number;
  /** ISO 8601 UTC, as the machine's clock said. */
  readonly time: string;
  readonly provider: string;
  readonly eventId: number;
  /** 1 critical, 2 error, 3 warning, 4 information, 5 verbose; 0 is "log always". */
  readonly level: number;
  readonly computer: string;
  /** The strings of the event, in order. */
  readonly data: readonly string[];
}

export interface EventQuery {
  /** ISO 8601 UTC, inclusive, by the machine's clock. */
  readonly since: string;
  /** Default: the add-in's. */
  readonly source?: string;
  /** The newest so many; default 200. */
  readonly limit?: number;
}

/**
 * Entries of the Application log from one source, newest first. No entries is an empty list.
 * @throws Fault `eventlog-unreadable`
 */
export async function readEvents(
  channel: Channel,
  query: EventQuery,
  deadline: Deadline,
): Promise<readonly EventRecord[]> {
  const { exitCode, stdout, stderr } = await channel.exec({ line: queryLine(query) }, deadline);
  if (exitCode === 0) return parseEvents(stdout);
  throw unreadable(`wevtutil ended with ${exitCode}: ${(stderr || stdout).trim().slice(0, 200)}`);
}

function queryLine({ since, source = SSPR_EVENT_SOURCE, limit = 200 }: EventQuery): string {
  const time = new Date(since).toISOString();
  const select = `*[System[Provider[@Name='${source}'] and TimeCreated[@SystemTime>='${time}']]]`;
  return `wevtutil qe Application /q:"${select}" /f:xml /c:${limit} /rd:true`;
}

const instant = z.iso.datetime().transform((time) => new Date(time).toISOString());
const integer = text.transform(Number).pipe(z.number().int());

/** `<Event>` elements as wevtutil writes them; what else they carry is left alone. */
const events = z.object({
  Events: z.object({
    Event: z
      .array(
        z.object({
          System: z.object({
            Provider: z.object({ '@Name': z.string() }),
            EventID: integer,
            Level: integer,
            TimeCreated: z.object({ '@SystemTime': instant }),
            EventRecordID: integer,
            Computer: text,
          }),
          EventData: z.union([z.object({ Data: z.array(text).default([]) }), z.string()]).optional(),
        }),
      )
      .default([]),
  }),
});

const parser = xmlParser('Event', 'Data');

/**
 * The output of `wevtutil qe /f:xml`: events one after another, without a root element.
 * @throws Fault `eventlog-unreadable` for anything else
 */
export function parseEvents(xml: string): EventRecord[] {
  if (xml.trim() === '') return [];
  const found = events.safeParse(parse(xml));
  if (!found.success) throw unreadable(`the answer is not events: ${z.prettifyError(found.error)}`);
  return found.data.Events.Event.map(({ System, EventData }) => ({
    recordId: System.EventRecordID,
    time: System.TimeCreated['@SystemTime'],
    provider: System.Provider['@Name'],
    eventId: System.EventID,
    level: System.Level,
    computer: System.Computer,
    data: typeof EventData === 'object' ? EventData.Data : [],
  }));
}

function parse(xml: string): unknown {
  if (hasDoctype(xml)) throw unreadable('the answer has a document type declaration');
  if (!xml.trimStart().startsWith('<Event'))
    throw unreadable(`the answer is not XML: ${xml.trim().slice(0, 200)}`);
  try {
    return parser.parse(`<Events>${xml}</Events>`);
  } catch (error) {
    throw unreadable(`the answer is not well-formed: ${String(error)}`);
  }
}

const unreadable = (why: string): Fault =>
  new Fault(`The Application log cannot be read: ${why}`, {
    code: 'eventlog-unreadable',
    blame: 'machine',
    retryable: true,
    remedy: 'Check on the machine that `wevtutil qe Application /c:1` works for this account.',
  });
