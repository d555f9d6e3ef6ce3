import { readFileSync, readdirSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import { type TestServer, openTestServer } from './winrm-testing.ts';

/* What foreign clients once sent, word for word, from their handshakes to their sealed messages. */

interface Recorded {
  readonly request: string;
  /** Which TCP connection of its client. */
  readonly connection: number;
  /** Status of the stand-in's answer. */
  readonly recorded: number;
  readonly authorization?: string;
  readonly contentType: string;
  /** The server challenge that the stand-in answered with. */
  readonly challenge?: string;
  readonly newShell?: string;
  readonly newCommand?: string;
  readonly body?: string;
  /** Base64. */
  readonly sealed?: string;
}

const FOLDER = fileURLToPath(new URL('./captures/', import.meta.url));
const read = (file: string): Recorded[] =>
  readFileSync(FOLDER + file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded);
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl'));
const MULTIPART = 'multipart/encrypted';

/** Where the stand-in's answer was one of its own, and what Windows answers. */
function expectedStatus(file: string, recorded: Recorded): number {
  // It knew no sealed messages, answered a handshake on a second connection with an error, and had polls to count.
  if (recorded.sealed !== undefined || recorded.request.endsWith('-empty'))
    return recorded.recorded === 500 ? 200 : recorded.recorded;
  if (recorded.request.endsWith('-Receive')) return 200;
  return file === 'winrmcp-ntlmonly.jsonl' ? 401 : recorded.recorded;
}

describe('recorded requests', () => {
  it('are 104', () => {
    expect(files.flatMap(read)).toHaveLength(104);
  });

  for (const file of files) {
    it(`of ${file.replace('.jsonl', '')} are answered as Windows would`, async () => {
      const recording = read(file);
      const challenges = recording.flatMap(({ challenge }) =>
        challenge === undefined ? [] : [Buffer.from(challenge, 'hex')],
      );
      const lab = await openTestServer({
        hostLine: () => 'true',
        newChallenge: () => challenges.shift() ?? Buffer.alloc(8),
        changes: { service: { basic: file !== 'winrmcp-ntlmonly.jsonl' } },
      });
      try {
        await replay(file, recording, lab);
        expect(lab.lines).toEqual([]);
        expect(challenges).toEqual([]);
      } finally {
        await lab.server.close();
      }
    });
  }
});

async function replay(file: string, recording: readonly Recorded[], lab: TestServer): Promise<void> {
  const agents = new Map<number, Agent>();
  /** Ids that the recording's server gave, by ours. */
  const ids = new Map<string, string>();
  try {
    for (const recorded of recording) {
      const agent = agents.get(recorded.connection) ?? new Agent({ keepAlive: true, maxSockets: 1 });
      agents.set(recorded.connection, agent);
      const body =
        recorded.sealed === undefined
          ? Buffer.from(renamed(recorded.body ?? '', ids))
          : Buffer.from(recorded.sealed, 'base64');
      const answer = await post(lab, agent, recorded, body);
      expect(answer.status, recorded.request).toBe(expectedStatus(file, recorded));
      if (recorded.challenge !== undefined) expect(answer.authenticate).toMatch(/^Negotiate TlRM/);
      if (recorded.sealed !== undefined) expect(answer.type).toContain(MULTIPART);
      remember(ids, recorded.newShell, /Selector Name="ShellId">([^<]+)</.exec(answer.text)?.[1]);
      remember(ids, recorded.newCommand, /<rsp:CommandId>([^<]+)</.exec(answer.text)?.[1]);
    }
  } finally {
    for (const agent of agents.values()) agent.destroy();
  }
}

function remember(ids: Map<string, string>, theirs: string | undefined, ours: string | undefined): void {
  if (theirs === undefined) return;
  if (ours === undefined) throw new Error(`the server gave no id in place of ${theirs}`);
  ids.set(theirs, ours);
}

const renamed = (body: string, ids: ReadonlyMap<string, string>): string =>
  [...ids].reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), body);

function post(
  lab: TestServer,
  agent: Agent,
  { authorization, contentType }: Recorded,
  body: Buffer,
): Promise<{ status: number; authenticate: string; type: string; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': contentType,
      'Content-Length': body.length,
      ...(authorization !== undefined && { Authorization: authorization }),
    };
    const sent = request(lab.url, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          authenticate: response.headers['www-authenticate'] ?? '',
          type: response.headers['content-type'] ?? '',
          text: Buffer.concat(chunks).toString('latin1'),
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
