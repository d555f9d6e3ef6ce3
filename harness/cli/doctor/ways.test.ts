import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { expect } from '@playwright/test';
import type { VerificationSettings } from '../../config/accounts.ts';
import { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { Directory } from '../../directory/directory.ts';
import type { CodeSource } from '../../logon/codes/verification.ts';
import { examine, type Finding } from './finding.ts';
import { methodOf, wayExaminations, type WayTools, wayTools } from './ways.ts';

const SECRET = new Secret('a-secret-of-the-ways');
const IMAP: VerificationSettings = {
  by: 'imap',
  host: 'imap.example',
  port: 993,
  security: 'tls',
  user: 'codes',
  password: SECRET,
  folder: 'INBOX',
  ca: undefined,
};
const webhook = (port: number): VerificationSettings => ({
  by: 'smsWebhook',
  phone: '+1 4255550100',
  listen: `127.0.0.1:${port}`,
  token: SECRET,
  text: 'text',
});
const API: VerificationSettings = {
  by: 'smsApi',
  phone: '+1 4255550100',
  url: 'https://sms.example/messages',
  authorization: SECRET,
  messages: 'messages',
  id: 'id',
  text: 'body',
  at: 'date',
  ca: undefined,
};
const PERSON: VerificationSettings = {
  by: 'person',
  method: 'sms',
  phone: '+1 4255550100',
  withinSeconds: 60,
};
const QUESTIONS: VerificationSettings = { by: 'questions', answers: [{ question: 'Pet?', answer: SECRET }] };

/** What is found of each way. */
function look(ways: readonly VerificationSettings[], tools: WayTools): Promise<readonly Finding[]> {
  const account = { upn: 'anna@contoso.example', displayName: 'Anna', verification: ways };
  const lines = wayExaminations(account, tools, () => Promise.resolve(), Deadline.in(5000, 'looking'));
  return Promise.all(lines.map(examine));
}

describe('the doctor looks at the ways of verification', () => {
  const none: WayTools = { source: () => undefined, isTerminal: true };

  it('and knows the method of each', () => {
    expect([IMAP, webhook(1), API, QUESTIONS, PERSON].map(methodOf)).toEqual([
      'email',
      'sms',
      'sms',
      'questions',
      'sms',
    ]);
  });

  it('by opening each source and closing it again, one after the other', async () => {
    const done: string[] = [];
    const source = (way: VerificationSettings): CodeSource => ({
      where: `the source ${way.by}`,
      async watch() {
        done.push(`open ${way.by}`);
        await Promise.resolve();
        return {
          next: () => Promise.reject(new Error('no code was asked for')),
          close: () => Promise.resolve(void done.push(`close ${way.by}`)),
        };
      },
    });
    const found = await look([IMAP, API], { source, isTerminal: false });
    expect(found).toEqual([
      { state: 'ok', says: 'the source imap can be opened' },
      { state: 'ok', says: 'the source smsApi can be opened' },
    ]);
    expect(done).toEqual(['open imap', 'close imap', 'open smsApi', 'close smsApi']);
  });

  it('and shows why one cannot be opened, but no secret', async () => {
    const refused = new Fault(`refused: ${SECRET.reveal()}`, {
      code: 'imap-refused',
      blame: 'config',
      remedy: 'Check the password.',
    });
    const source = (): CodeSource => ({ where: 'there', watch: () => Promise.reject(refused) });
    expect(await look([IMAP], { source, isTerminal: false })).toEqual([
      { state: 'problem', says: 'refused: ***', remedy: 'Check the password.' },
    ]);
  });

  it('a person by the terminal, and questions by their number', async () => {
    const [person, questions] = await look([PERSON, QUESTIONS], none);
    expect(person).toMatchObject({ state: 'ok' });
    expect(questions).toMatchObject({ state: 'ok', says: '1 answer configured' });
    const [nobody] = await look([PERSON], { ...none, isTerminal: false });
    expect(nobody).toMatchObject({ state: 'problem', remedy: expect.stringContaining('terminal') });
  });

  describe('a gateway by its port', () => {
    let server: Server;
    before(async () => {
      server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    after(() => server.close());

    it('which must be free, and is free again afterwards, also for the next account', async () => {
      const { port } = server.address() as { port: number };
      const directory = {} as Directory;
      expect(await look([webhook(port)], wayTools(directory))).toMatchObject([
        { state: 'problem', says: expect.stringContaining(`127.0.0.1:${port}`) },
      ]);
      server.close();
      await once(server, 'close');
      const found = await look([webhook(port), webhook(port)], wayTools(directory));
      expect(found.map(({ state }) => state)).toEqual(['ok', 'ok']);
    });
  });
});
