import { expect } from '@playwright/test';
import { Deadline, timedOut } from '../../core/deadline.ts';
import { Secret } from '../../core/secret.ts';
import { personSource } from './person.ts';
import type { Ask } from './verification.ts';

const ANNA = 'anna@contoso.example';
const SMS = { by: 'person', method: 'sms', phone: '+1 4255550100', withinSeconds: 60 } as const;
const soon = () => Deadline.in(5000, 'waiting for the code');

/** Somebody who types these one after the other. */
function typing(...answers: readonly string[]) {
  const asked: { question: string; budgetMs: number }[] = [];
  const ask: Ask = (question, deadline) => {
    asked.push({ question, budgetMs: deadline.budgetMs });
    return Promise.resolve(new Secret(answers[asked.length - 1] ?? ''));
  };
  return { ask, asked };
}

describe('personSource', () => {
  it('asks for the code, saying whose it is and where it went', async () => {
    const { ask, asked } = typing(' 350 001\n');
    const watch = await personSource(SMS, ask, ANNA).watch(soon());
    expect((await watch.next(soon())).reveal()).toBe('350001');
    expect(asked.map(({ question }) => question)).toEqual([
      'The code that anna@contoso.example got by text message to +1 4255550100',
    ]);
    await watch.close();
  });

  it('asks again for what cannot be the code, saying why, but not what was typed', async () => {
    const { ask, asked } = typing('350002', '123', '12345678901', '35000x', '', '350002', '350003');
    const mail = { ...SMS, method: 'email', phone: undefined } as const;
    const watch = await personSource(mail, ask, ANNA).watch(soon());
    expect((await watch.next(soon())).reveal()).toBe('350002');
    expect((await watch.next(soon())).reveal()).toBe('350003');
    const question = 'The code that anna@contoso.example got by mail';
    const notOne = `That is no code: it has 4 to 10 digits and nothing else. ${question}`;
    expect(asked.slice(1).map(({ question: text }) => text)).toEqual([
      question,
      notOne,
      notOne,
      notOne,
      notOne,
      `That code was used before: wait for the new one. ${question}`,
    ]);
  });

  it('waits no longer than configured, nor than it may', async () => {
    const { ask, asked } = typing('350004', '350005');
    const watch = await personSource({ ...SMS, withinSeconds: 2 }, ask, ANNA).watch(soon());
    await watch.next(soon());
    await watch.next(Deadline.in(500, 'waiting'));
    expect(asked[0]?.budgetMs).toBe(2000);
    expect(asked[1]?.budgetMs).toBeLessThanOrEqual(500);
  });

  it('says that nobody typed a code in time, also when it was asked in vain until then', async () => {
    const absent: Ask = async (_, deadline) => {
      await deadline.sleep(deadline.remaining());
      throw timedOut(deadline.what, deadline.budgetMs);
    };
    for (const ask of [absent, typing('never').ask]) {
      const watch = await personSource(SMS, ask, ANNA).watch(soon());
      await expect(watch.next(Deadline.in(50, 'waiting'))).rejects.toMatchObject({
        code: 'code-not-received',
        message: expect.stringContaining('nobody typed one'),
      });
    }
  });

  it('lets other errors through', async () => {
    const noTerminal: Ask = () => Promise.reject(new TypeError('no terminal'));
    const watch = await personSource(SMS, noTerminal, ANNA).watch(soon());
    await expect(watch.next(soon())).rejects.toThrow('no terminal');
  });
});
