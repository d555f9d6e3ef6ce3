import { expect } from '@playwright/test';
import * as fc from 'fast-check';
import { Fault } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { answersOf } from './questions.ts';

/** Of those that the tenant may choose from. */
const QUESTIONS = [
  'In what city did you meet your first spouse/partner?',
  'In what city did your parents meet?',
  'In what city does your nearest sibling live?',
  'In what city was your father born?',
  'In what city was your mother born?',
  'What was the name of your first pet?',
  '¿Cuál es su comida favorita?',
  'Quel est votre plat préféré ?',
  '你最喜欢的食物是什么？',
];

const settings = QUESTIONS.map((question, index) => ({ question, answer: new Secret(`answer ${index}`) }));
const answer = (question: string): string => answersOf(settings).answer(question).reveal();

describe('answersOf', () => {
  it('finds the answer whatever the case, accents, punctuation and blanks', () => {
    expect(answer('  WHAT WAS THE NAME\n OF YOUR FIRST PET * ')).toBe('answer 5');
    expect(answer('Cual es su comida favorita')).toBe('answer 6');
    expect(answer('quel est votre plat prefere?')).toBe('answer 7');
    expect(answer('你最喜欢的食物是什么?')).toBe('answer 8');
  });

  it('allows for characters misread', () => {
    expect(answer('ln what clty dld your parenfs rneet?')).toBe('answer 1');
    expect(answer('What was the narne of yOur f1rst pet7')).toBe('answer 5');
  });

  it('gives every question its own answer, with any one character misread, left out or too many', () => {
    const change = fc.constantFrom('', 'x', 'é', '1', 'rn');
    fc.assert(
      fc.property(fc.nat(7), fc.nat(25), change, fc.nat(1), (index, place, by, without) => {
        const question = QUESTIONS[index] ?? '';
        const misread = question.slice(0, place) + by + question.slice(place + without);
        expect(answer(misread)).toBe(`answer ${index}`);
      }),
    );
  });

  const refusal = (question: string, from = settings): Fault => {
    try {
      answersOf(from).answer(question);
    } catch (error) {
      if (error instanceof Fault) return error;
    }
    throw new Error('it was answered');
  };

  it('does not answer a question that is not configured, and names the others, but no answer', () => {
    const fault = refusal('What was the make and model of your first car?');
    expect(fault).toMatchObject({ code: 'answer-unknown', blame: 'config', retryable: false });
    expect(fault.message).toContain('"What was the make and model of your first car?"');
    for (const { question } of settings) expect(fault.message).toContain(`"${question}"`);
    expect(JSON.stringify([fault.message, fault.remedy])).not.toContain('answer 5');
  });

  it('does not guess between two', () => {
    const two = ['In what city was your father born?', 'In what city was your mother born?'].map(
      (question) => ({
        question,
        answer: new Secret(question),
      }),
    );
    expect(refusal('In what city was your mather born?', two).message).toContain('More than one');
    expect(refusal('In what city was your father born?', [...two, ...two]).message).toContain(
      'More than one',
    );
    expect(refusal('', two).code).toBe('answer-unknown');
    expect(refusal('Anything', []).code).toBe('answer-unknown');
  });
});
