import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import type { MailMessage } from '../../directory/directory.ts';
import { codeIn, mailboxCodeSource } from './mailbox.ts';

const mail = (id: string, text: string): MailMessage => ({
  id,
  receivedAt: '2026-11-21T10:00:00Z',
  from: 'msonlineservicesteam@microsoftonline.com',
  subject: 'Your Contoso account email verification code',
  text,
});

describe('codeIn', () => {
  it('reads the code, not another number', () => {
    expect(codeIn('Thanks!\r\nYour code is: 204863\r\nOne Microsoft Way, 98052-6399')).toBe('204863');
    expect(codeIn('Use 12345678 within 10 minutes')).toBe('12345678');
  });

  it('does not guess', () => {
    expect(codeIn('Order 123456 and order 654321')).toBeUndefined();
    expect(codeIn('Call 1234567890')).toBeUndefined();
    expect(codeIn('Your password was reset')).toBeUndefined();
  });
});

describe('mailboxCodeSource', () => {
  it('takes the code that comes after the watch began, not an older one', async () => {
    const box = [mail('old', 'Your code is: 111111')];
    const asked: string[] = [];
    const messages = (mailbox: string) => {
      asked.push(mailbox);
      if (asked.length === 3) box.unshift(mail('new', 'Your code is: 222222'));
      return Promise.resolve([...box]);
    };
    const deadline = Deadline.in(10_000, 'waiting for the code');
    const watch = await mailboxCodeSource({ messages }, 'anna@mail.example').watch(deadline);
    expect(await watch.next(deadline)).toBe('222222');
    expect(new Set(asked)).toEqual(new Set(['anna@mail.example']));
  });

  it('says that no code came', async () => {
    const source = mailboxCodeSource({ messages: () => Promise.resolve([]) }, 'anna@mail.example');
    const watch = await source.watch(Deadline.in(1000, 'looking'));
    await expect(watch.next(Deadline.in(50, 'waiting'))).rejects.toMatchObject({
      code: 'code-not-received',
      blame: 'tenant',
    });
  });
});
