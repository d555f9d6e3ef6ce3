import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { soap } from '../scripted-server.ts';

/** The answer of the foreign server to each request. */
export const ANSWER = soap('<x:Answer>grüße – 密码</x:Answer>');

/** What the foreign server did and saw. */
export interface ForeignEvent {
  readonly connected?: true;
  /** Scheme of the `Authorization` header of a request, '' when it had none. */
  readonly authorization?: string;
  readonly bytes?: number;
  readonly sealed?: boolean;
  /** Whom it has let in, and what that one said, opened. */
  readonly user?: string;
  readonly text?: string;
  /** Why it refused somebody. */
  readonly refused?: string;
  readonly failed?: string;
}

export interface ForeignOptions {
  /** Lines of `DOMAIN:name:password`. */
  readonly users: string;
  /** See ntlm-server.py. */
  readonly mode?: string;
  readonly scheme?: 'Negotiate' | 'NTLM';
  readonly certificate?: string;
  readonly key?: string;
  /** Base64 of the data to which a client must be bound. */
  readonly binding?: string;
}

/** An NTLM server that we did not write: gss-ntlmssp behind Python's HTTP server. */
export interface ForeignServer {
  readonly port: number;
  readonly events: readonly ForeignEvent[];
  close(): Promise<void>;
}

export async function startForeign(options: ForeignOptions): Promise<ForeignServer> {
  const child = spawn('/usr/bin/python3', [join(import.meta.dirname, 'ntlm-server.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.write(`${JSON.stringify({ ...options, answer: ANSWER })}\n`);
  const events: ForeignEvent[] = [];
  const lines = createInterface({ input: child.stdout });
  const port = new Promise<number>((resolve, reject) => {
    lines.on('line', (line) => {
      const event = JSON.parse(line) as ForeignEvent & { port?: number };
      if (event.port === undefined) events.push(event);
      else resolve(event.port);
    });
    lines.on('close', () => reject(new Error('the foreign NTLM server did not start')));
  });
  return {
    port: await port,
    events,
    close: async () => {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
