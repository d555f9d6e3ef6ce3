import { setImmediate } from 'node:timers/promises';
import { expect } from '@playwright/test';
import { Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import { redact, Secret } from '../core/secret.ts';
import { answerFor, type AskFor, askTheRun } from './asking.ts';
import type { Answer, Question } from './job.ts';

/** Both sides, with JSON between them as between two processes. */
function wired(ask: AskFor, gone = new AbortController()) {
  const sent: Answer[] = [];
  const machine = askTheRun((question) => {
    const there = JSON.parse(JSON.stringify(question)) as Question;
    void answerFor('win7', there, ask, gone.signal).then((answer) => {
      sent.push(answer);
      machine.hear(JSON.parse(JSON.stringify(answer)) as Answer);
    });
  });
  return { ask: machine.ask, sent, gone };
}

describe('a question from the process of a machine', () => {
  const deadline = () => Deadline.in(5000, 'waiting for the code');

  it('gets its own answer, as a Secret', async () => {
    const asked: string[] = [];
    const { ask } = wired((machine, question) => {
      asked.push(`${machine} ${question}`);
      return Promise.resolve(new Secret(`answer to ${question}`));
    });
    const answers = await Promise.all([ask('one', deadline()), ask('two', deadline())]);
    expect(answers.map((answer) => answer.reveal())).toEqual(['answer to one', 'answer to two']);
    expect(asked).toEqual(['win7 one', 'win7 two']);
    expect(redact('it was answer to two')).toBe('it was ***');
  });

  it('gets the reason when there is no answer, whole', async () => {
    const fault = new Fault('Nobody can be asked', {
      code: 'nobody-to-ask',
      blame: 'config',
      remedy: 'Sit down.',
    });
    const { ask } = wired(() => Promise.reject(fault));
    await expect(ask('one', deadline())).rejects.toMatchObject({
      message: 'Nobody can be asked',
      code: 'nobody-to-ask',
      blame: 'config',
      retryable: false,
      remedy: 'Sit down.',
    });
  });

  it('does not wait beyond its deadline, nor for a run that was interrupted', async () => {
    const { ask } = wired(() => new Promise(() => undefined));
    await expect(ask('one', Deadline.in(30, 'waiting'))).rejects.toMatchObject({ code: 'timed-out' });
    const abort = new AbortController();
    const interrupted = ask('two', Deadline.in(5000, 'waiting', abort.signal));
    abort.abort();
    await expect(interrupted).rejects.toMatchObject({ code: 'interrupted' });
    await expect(ask('three', Deadline.in(0, 'waiting'))).rejects.toMatchObject({ code: 'timed-out' });
  });

  it('ends at the terminal, too, when its machine is gone', async () => {
    let limit: Deadline | undefined;
    const { ask, gone } = wired((_machine, _question, deadline) => {
      limit = deadline;
      return new Promise(() => undefined);
    });
    const abandoned = ask('one', Deadline.in(30, 'waiting'));
    expect(limit?.aborted).toBe(false);
    gone.abort();
    expect(limit?.aborted).toBe(true);
    await expect(abandoned).rejects.toMatchObject({ code: 'timed-out' });
  });

  it('is not answered twice, and an answer that comes too late is nobody’s', async () => {
    let answer: (secret: Secret) => void = () => undefined;
    const { ask, sent } = wired(() => new Promise((resolve) => (answer = resolve)));
    await expect(ask('one', Deadline.in(20, 'waiting'))).rejects.toMatchObject({ code: 'timed-out' });
    answer(new Secret('too late'));
    await setImmediate();
    expect(sent).toHaveLength(1);
  });
});
