import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { Secret } from '../../core/secret.ts';
import { openVerifications } from './open.ts';
import type { CodeVerification, Verification } from './verification.ts';

const PHONE = '+1 4255550100';
const secret = new Secret('a secret of the test');

describe('openVerifications', () => {
  it('opens every kind of verification, in the order of preference, without connecting to anything', () => {
    const opened = openVerifications(
      [
        { by: 'person', method: 'email', phone: undefined, withinSeconds: 5 },
        { by: 'mailbox', mailbox: 'codes@contoso.example' },
        {
          by: 'imap',
          host: 'mail.example',
          port: 993,
          security: 'tls',
          user: 'codes',
          password: secret,
          folder: 'INBOX',
          ca: undefined,
        },
        { by: 'smsWebhook', phone: PHONE, listen: '127.0.0.1:8025', token: secret, text: 'text' },
        {
          by: 'smsApi',
          phone: PHONE,
          url: 'https://sms.example/messages',
          authorization: secret,
          messages: 'messages',
          id: 'id',
          text: 'body',
          at: 'date',
          ca: undefined,
        },
        { by: 'questions', answers: [{ question: 'Which pet?', answer: secret }] },
        { by: 'person', method: 'sms', phone: PHONE, withinSeconds: 5 },
      ],
      {
        directory: { messages: () => Promise.reject(new Error('it was asked')) },
        upn: 'anna@contoso.example',
        ask: () => Promise.reject(new Error('it was asked')),
      },
    );
    const facts = (one: Verification) =>
      one.method === 'questions' ? one.method : [one.method, one.phone, one.source.where];
    expect(opened.map(facts)).toEqual([
      ['email', undefined, 'the hands of a person'],
      ['email', undefined, 'the mailbox codes@contoso.example'],
      ['email', undefined, 'the folder INBOX of the mailbox codes at mail.example'],
      ['sms', PHONE, 'the text messages posted to 127.0.0.1:8025'],
      ['sms', PHONE, 'the text messages at sms.example'],
      'questions',
      ['sms', PHONE, 'the hands of a person'],
    ]);
  });

  it('gives each the tools that it needs', async () => {
    const deadline = Deadline.in(1000, 'waiting');
    const [person] = openVerifications(
      [{ by: 'person', method: 'email', phone: undefined, withinSeconds: 5 }],
      {
        directory: { messages: () => Promise.resolve([]) },
        upn: 'anna@contoso.example',
        ask: () => Promise.resolve(new Secret('360001')),
      },
    ) as readonly [CodeVerification];
    const watch = await person.source.watch(deadline);
    expect((await watch.next(deadline)).reveal()).toBe('360001');
  });
});
