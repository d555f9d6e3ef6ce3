import { expect } from '@playwright/test';
import fc from 'fast-check';
import nock from 'nock';
import { Deadline } from '../core/deadline.ts';
import { compareClocks, type Lead, narrow, readClock, untilTelling } from './clock.ts';
import { openTransport } from './transport.ts';

// nock takes over the network when it is imported; other tests need the real one.
nock.restore();

const AUTHORITY = { authority: 'https://login.test', tenantId: 'contoso.test' };

describe('Clocks', () => {
  describe('of the authority', () => {
    before(() => nock.activate());
    beforeEach(() => nock.disableNetConnect());
    afterEach(() => nock.cleanAll());
    after(() => {
      nock.enableNetConnect();
      nock.restore();
    });

    const read = async (): ReturnType<typeof readClock> => {
      const transport = openTransport({});
      try {
        return await readClock(transport, AUTHORITY, Deadline.in(10_000, 'looking'));
      } finally {
        await transport.close();
      }
    };
    const page = () =>
      nock('https://login.test', { badheaders: ['authorization'] }).get(
        /^\/contoso.test\/v2.0\/\.well-known/,
      );

    it('are read with few requests and no token, and more closely than their seconds tick', async () => {
      let requests = 0;
      page()
        .times(4)
        .reply(() => {
          requests++;
          return [200, {}, { date: new Date(Date.now() - 90_300).toUTCString() }];
        });
      const { aheadSeconds, uncertainSeconds } = await read();
      expect(Math.abs(aheadSeconds + 90.3)).toBeLessThanOrEqual(uncertainSeconds);
      expect(requests).toBeGreaterThan(1);
      expect(requests).toBeLessThanOrEqual(4);
    });

    it('count with one reading when the next ones fail', async () => {
      page().reply(() => [200, {}, { date: new Date().toUTCString() }]);
      page().replyWithError('gone');
      const { aheadSeconds, uncertainSeconds } = await read();
      expect(Math.abs(aheadSeconds)).toBeLessThanOrEqual(uncertainSeconds);
    });

    it('are an error without a date, and without an answer', async () => {
      page().reply(200, {});
      await expect(read()).rejects.toMatchObject({ code: 'tenant-answer-invalid' });
      page().replyWithError('gone');
      await expect(read()).rejects.toMatchObject({ code: 'tenant-unreachable', retryable: true });
    });
  });

  it('are never said to be more certain than they are, and three readings at the right time make it an eighth', () => {
    const way = fc.integer({ min: 0, max: 400 });
    fc.assert(
      fc.property(
        fc.integer({ min: -1e8, max: 1e8 }),
        fc.integer({ min: 1.7e12, max: 1.9e12 }),
        fc.array(fc.tuple(way, way), { minLength: 3, maxLength: 3 }),
        (ahead, start, ways) => {
          let now = start;
          let lead: Lead | undefined;
          for (const [there, back] of ways) {
            if (lead) now += untilTelling(lead, now);
            const asked = now;
            const date = Math.floor((now + there + ahead) / 1000) * 1000;
            now += there + back;
            const read = { least: date - now, most: date + 1000 - asked };
            lead = lead ? narrow(lead, read) : read;
            expect(lead.least).toBeLessThanOrEqual(ahead);
            expect(lead.most).toBeGreaterThanOrEqual(ahead);
          }
          const longest = Math.max(...ways.map(([there, back]) => there + back));
          expect(lead!.most - lead!.least).toBeLessThanOrEqual(250 + 2 * longest);
        },
      ),
    );
  });

  it('that contradict each other leave all in between possible', () => {
    expect(narrow({ least: 0, most: 10 }, { least: 20, most: 30 })).toEqual({ least: 0, most: 30 });
  });

  it('are compared by the middle between question and answer', () => {
    expect(compareClocks({ asked: 1000, answered: 3000, other: 12_000, resolutionMs: 1000 })).toEqual({
      aheadSeconds: 10,
      uncertainSeconds: 1.5,
    });
    expect(() => compareClocks({ asked: 2, answered: 1, other: 1, resolutionMs: 1 })).toThrow('was set back');
  });
});
