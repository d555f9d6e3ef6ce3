import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What CryptoAPI logs of certificates and their chains, while it is enabled. */
export const CAPI2_LOG = 'Microsoft-Windows-CAPI2/Operational';
export const LOGS = ['Application', CAPI2_LOG, 'Security', 'System'] as const;
export type LogName = (typeof LOGS)[number];
export type Level = 'Critical' | 'Error' | 'Warning' | 'Information' | 'Verbose';

export interface LoggedEvent {
  readonly record: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly log: LogName;
  readonly source: string;
  readonly id: number;
  readonly level: Level;
  readonly computer: string;
  readonly message: string;
  /** The event's own data as XML, an element `EventData` or `UserData`; without it the message is all there is. */
  readonly data?: string;
}

export type NewEvent = Pick<LoggedEvent, 'log' | 'source' | 'id' | 'message' | 'data'> & {
  readonly level?: Level;
  /** ISO 8601, UTC; now unless it is said. */
  readonly at?: string;
};

/** The machine's event logs, as JSON lines on its disk: snapshots keep them, as they keep those of a real machine. */
export class EventLog {
  constructor(
    private readonly folder: string,
    private readonly computer: string,
  ) {
    mkdirSync(folder, { recursive: true });
  }

  write({ level = 'Information', ...event }: NewEvent): void {
    const last = this.read(event.log).at(-1)?.record ?? 0;
    const entry = {
      record: last + 1,
      at: new Date().toISOString(),
      ...event,
      level,
      computer: this.computer,
    };
    appendFileSync(this.#file(event.log), JSON.stringify(entry) + '\n');
  }

  /** Oldest first. */
  read(log: LogName): LoggedEvent[] {
    if (!existsSync(this.#file(log))) return [];
    return readFileSync(this.#file(log), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LoggedEvent);
  }

  clear(log: LogName): void {
    rmSync(this.#file(log), { force: true });
  }

  #file(log: LogName): string {
    // As Windows names its own files.
    return join(this.folder, `${log.replace('/', '%4')}.jsonl`);
  }
}

export const logNamed = (name: string): LogName | undefined =>
  LOGS.find((log) => log.toLowerCase() === name.toLowerCase());
