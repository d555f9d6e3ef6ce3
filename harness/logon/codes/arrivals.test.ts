import { expect } from '@playwright/test';
import * as fc from 'fast-check';
import { Arrivals, type Message } from './arrivals.ts';

const ANNA = 'anna@contoso.example';
const BEGAN = Date.parse('2026-11-21T10:00:00Z');
const RULES = {
  upn: ANNA,
  neutral: ['codes@contoso.example'],
  earliest: { receivedAt: BEGAN, sentAt: BEGAN },
};

/** Codes of this process are never given out twice, so that every test needs its own. */
let last = 10_000_000;
const unusedCode = (): string => String(++last);

const mail = (code: string, upn = ANNA): string =>
  `Thanks for verifying your ${upn} account!\r\nYour code is: ${code}`;

const reveal = (taken: ReturnType<Arrivals['take']>): string =>
  'code' in taken ? taken.code.reveal() : taken.seen;

describe('Arrivals', () => {
  it('takes a new code, not the one that was there before', () => {
    const old: Message = { id: 'old', text: mail(unusedCode()), receivedAt: BEGAN + 1 };
    const code = unusedCode();
    const arrivals = new Arrivals(RULES, [old]);
    expect(reveal(arrivals.take([old]))).toBe('no new message');
    expect(reveal(arrivals.take([{ id: 'new', text: mail(code) }, old]))).toBe(code);
  });

  it('says why messages were passed over', () => {
    const arrivals = new Arrivals(RULES, []);
    const messages = [
      { id: '1', text: mail(unusedCode()), receivedAt: BEGAN - 1 },
      { id: '2', text: mail(unusedCode()), receivedAt: BEGAN + 1, sentAt: BEGAN - 1 },
      { id: '3', text: mail(unusedCode(), 'joanna@contoso.example') },
      { id: '4', text: 'Your password was reset' },
    ];
    expect(reveal(arrivals.take(messages))).toBe(
      'new messages: 2 dated before the request, 1 for another user, 1 without a code',
    );
  });

  it('knows its user whatever the case and the script around the name', () => {
    for (const text of [
      mail(unusedCode(), 'ANNA@Contoso.example'),
      `感谢你验证你的${ANNA}帐户！你的代码为：${unusedCode()}`,
      `The account '${ANNA}'. Your code is: ${unusedCode()}`,
      `Sent to codes@contoso.example. Your code is: ${unusedCode()}`,
    ]) {
      expect('code' in new Arrivals(RULES, []).take([{ id: text, text }])).toBe(true);
    }
  });

  it('takes the newest of several, and then none of the others', () => {
    const [older, newer] = [unusedCode(), unusedCode()];
    const messages = [
      { id: 'a', text: mail(older), receivedAt: BEGAN + 1 },
      { id: 'b', text: mail(newer), receivedAt: BEGAN + 2 },
    ];
    const arrivals = new Arrivals(RULES, []);
    expect(reveal(arrivals.take(messages))).toBe(newer);
    expect(reveal(arrivals.take(messages))).toBe('no new message');
  });

  it('does not show a code', () => {
    const taken = new Arrivals(RULES, []).take([{ id: 'a', text: mail(unusedCode()) }]);
    expect(JSON.stringify(taken)).toBe('{"code":"***"}');
  });

  it('never takes a code twice, an old one, or one of another user, in whatever order they arrive', () => {
    const kind = fc.constantFrom(
      'good',
      'there',
      'received early',
      'sent early',
      'foreign',
      'repeated',
      'empty',
    );
    const step = fc.record({ kind, atMs: fc.nat(100_000), looks: fc.nat(2), again: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const made = steps.map(({ kind: what, atMs, again, ...rest }, index) => {
          const code = unusedCode();
          const text = what === 'foreign' ? mail(code, 'bert@contoso.example') : mail(code);
          const receivedAt = what === 'received early' ? BEGAN - 1 - atMs : BEGAN + atMs;
          const sentAt = what === 'sent early' ? BEGAN - 1 - atMs : BEGAN + atMs;
          const message: Message = {
            id: String(index),
            text: what === 'empty' ? 'Hello' : text,
            receivedAt,
            sentAt,
          };
          return { ...rest, what, code, message, again };
        });
        // The same text once more, as when a gateway posts it again.
        for (const one of made) {
          const origin = made[one.again];
          if (one.what === 'repeated' && origin?.what === 'good')
            Object.assign(one, { message: { ...one.message, text: origin.message.text }, code: origin.code });
          else if (one.what === 'repeated')
            Object.assign(one, { message: { ...one.message, text: 'Hello' } });
        }
        const there = made.filter(({ what }) => what === 'there');
        const arrivals = new Arrivals(
          RULES,
          there.map(({ message }) => message),
        );
        const box = there.map(({ message }) => message);
        const allowed = new Set<string>();
        const given: string[] = [];
        for (const { what, code, message, looks } of made) {
          if (what === 'there') continue;
          box.unshift(message);
          if (what === 'good' || what === 'repeated') allowed.add(code);
          for (let look = 0; look < looks; look++) {
            const taken = arrivals.take(box);
            if ('code' in taken) given.push(taken.code.reveal());
          }
        }
        expect(new Set(given).size).toBe(given.length);
        for (const code of given) expect([...allowed]).toContain(code);
        // Whoever looks after a good one arrived, and had none yet, gets one.
        if (made.some(({ what, looks }) => what === 'good' && looks > 0)) expect(given).not.toEqual([]);
      }),
    );
  });
});
