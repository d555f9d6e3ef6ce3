import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect } from '@playwright/test';
import nock from 'nock';
import { z } from 'zod';
import { CLOUD_NAMES, CLOUDS } from '../core/clouds.ts';
import { Deadline } from '../core/deadline.ts';
import { describe as tell, Fault } from '../core/errors.ts';
import { Graph, retryAfterMs } from './graph.ts';
import { directoryOf } from './graph-directory.ts';
import { Pace } from './pace.ts';
import { openTransport, type Transport } from './transport.ts';

// nock takes over the network when it is imported; other tests need the real one.
nock.restore();

const ITEMS = {
  path: '/v1.0/items',
  schema: z.object({ id: z.string() }),
  what: 'the items',
  permission: 'Items.Read',
  report: false,
};
const deadline = (ms = 10_000): Deadline => Deadline.in(ms, 'asking the tenant');

describe('Graph', () => {
  const opened: Transport[] = [];
  const scopes: string[] = [];
  let tokens = 0;

  function open(root: string): { graph: Graph; transport: Transport } {
    const transport = openTransport({});
    opened.push(transport);
    const graph = new Graph({
      root,
      tokens: { where: 'https://login.test', managedIdentity: false },
      // Each credential remembers its token.
      credential: () => {
        const token = `planted-token-${++tokens}`;
        return {
          getToken: (scope) => {
            scopes.push(String(scope));
            return Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 });
          },
        };
      },
      transport,
      pace: new Pace({ requests: 100, perMs: 1000 }),
      backOffMs: 1,
    });
    return { graph, transport };
  }

  async function list(root: string, until = deadline()): Promise<string[]> {
    const found: string[] = [];
    for await (const { id } of open(root).graph.list(ITEMS, until)) found.push(id);
    return found;
  }

  const faultOf = async (asking: Promise<unknown>): Promise<Fault> => {
    const thrown = await asking.then(
      (value) => new Error(`no error, but ${JSON.stringify(value)}`),
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(Fault);
    return thrown as Fault;
  };

  /** Nothing that goes to Graph may come out of an error, whatever way it is printed. */
  const expectClean = (fault: Fault): void => {
    const printed = `${tell(fault)} ${fault.remedy} ${inspect(fault, { depth: 20, showHidden: true })}`;
    expect(printed).not.toMatch(/planted/);
    expect(fault.message).not.toContain('\n');
  };

  beforeEach(() => {
    tokens = 0;
    scopes.length = 0;
  });
  afterEach(() => Promise.all(opened.splice(0).map((transport) => transport.close())));

  describe('on the wire', () => {
    let server: Server;
    let root = '';
    const asked: string[] = [];
    let listener: RequestListener;

    before(async () => {
      server = createServer((request, response) => {
        asked.push(request.url ?? '');
        listener(request, response);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    beforeEach(() => {
      asked.length = 0;
    });
    after(() => {
      server.closeAllConnections();
      server.close();
    });

    const END = JSON.stringify({ value: [{ id: 'a' }] });

    it('asks with spaces and signs as OData wants them', async () => {
      listener = (_, response) => response.end(JSON.stringify({ value: [] }));
      const { graph, transport } = open(root);
      const options = {
        authority: '',
        graph: root,
        tenantId: '',
        clientId: '',
        credential: { kind: 'managedIdentity' },
      } as const;
      const query = {
        from: 'F',
        to: 'T',
        loggedByService: 'S s',
        initiator: { userPrincipalName: "o'neill+a&b#c%@contoso.test", objectId: '' },
      };
      for await (const one of directoryOf(graph, transport, options).audits(query, deadline()))
        throw new Error(`found ${one.id}`);
      const [path = ''] = asked;
      expect(path).not.toContain('+');
      expect(Object.fromEntries(new URL(path, root).searchParams)).toEqual({
        $filter:
          "activityDateTime ge F and activityDateTime le T and loggedByService eq 'S s' and " +
          "initiatedBy/user/userPrincipalName eq 'o''neill+a&b#c%@contoso.test'",
        $orderby: 'activityDateTime',
        $top: '1000',
      });
    });

    it('asks for what a user has done by the id, where it is known', async () => {
      listener = (_, response) => response.end(JSON.stringify({ value: [] }));
      const { graph, transport } = open(root);
      const initiator = { userPrincipalName: 'anna@contoso.test', objectId: '0b5f' };
      const options = { credential: { kind: 'managedIdentity' }, authority: '', graph: root } as const;
      const directory = directoryOf(graph, transport, { ...options, tenantId: '', clientId: '' });
      const query = { from: 'F', to: 'T', loggedByService: 'S', initiator };
      for await (const one of directory.audits(query, deadline())) throw new Error(`found ${one.id}`);
      expect(new URL(asked[0] ?? '', root).searchParams.get('$filter')).toMatch(
        / and initiatedBy\/user\/id eq '0b5f'$/,
      );
    });

    it('asks again for what is no JSON, but not for ever', async () => {
      const answers = ['<html>', END.slice(0, 9), END];
      listener = (_, response) => response.end(answers[asked.length - 1] ?? '<html>');
      expect(await list(root)).toEqual(['a']);
      expect(await faultOf(list(root))).toMatchObject({ code: 'tenant-answer-invalid' });
      expect(asked).toHaveLength(6);
    });

    it('keeps the limit for what arrives, however long tokens and requests take', async () => {
      const limit = { requests: 3, perMs: 150 };
      const pace = new Pace(limit);
      const aWhile = (): Promise<void> => delay(Math.random() * 60);
      const arrivals: number[] = [];
      const transport = {
        ...openTransport({}),
        async fetch() {
          await aWhile();
          arrivals.push(performance.now());
          await aWhile();
          return new Response(END);
        },
      };
      opened.push(transport);
      const graphs = Array.from({ length: 3 }, () => {
        const token = { token: 'planted', expiresOnTimestamp: 0 };
        const credential = () => ({ getToken: () => aWhile().then(() => token) });
        const tokens = { where: root, managedIdentity: false };
        return new Graph({ root, tokens, credential, transport, pace });
      });
      const query = { ...ITEMS, schema: z.unknown(), report: true };
      await Promise.all(
        graphs.map(async (graph) => {
          for (let times = 0; times < 5; times++) await graph.get(query, deadline());
        }),
      );
      expect(arrivals).toHaveLength(15);
      for (const [index, arrival] of arrivals.slice(limit.requests).entries())
        expect(arrival - arrivals[index]!).toBeGreaterThanOrEqual(limit.perMs);
    });

    const dying: Readonly<Record<string, RequestListener>> = {
      'before the answer': (request) => request.socket.destroy(),
      'in mid-body, of which it had told the length': (_, response) => {
        response.writeHead(200, { 'content-length': END.length });
        response.write(END.slice(0, 5), () => response.destroy());
      },
      'in mid-body, of which nobody knew the length': (_, response) => {
        response.write(END.slice(0, 5), () => response.destroy());
      },
      'in a packed body': (_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.write(gzipSync(END).subarray(0, 12), () => response.destroy());
      },
    };
    for (const [when, die] of Object.entries(dying)) {
      it(`asks again when the connection dies ${when}, but not for ever`, async () => {
        let died = 0;
        listener = (request, response) => (died++ === 0 ? die(request, response) : response.end(END));
        expect(await list(root)).toEqual(['a']);
        listener = die;
        asked.length = 0;
        const fault = await faultOf(list(root));
        expect(fault).toMatchObject({ code: 'tenant-unreachable', blame: 'network', retryable: true });
        expect(asked).toHaveLength(3);
        expectClean(fault);
      });
    }

    it('does not swallow an answer of absurd size, packed or not', async () => {
      const chunk = Buffer.alloc(1 << 20, ' ');
      listener = (_, response) => {
        const pour = (): void => {
          while (response.write(chunk));
        };
        response.on('drain', pour);
        pour();
      };
      const fault = await faultOf(list(root));
      expect(fault).toMatchObject({
        code: 'tenant-answer-invalid',
        message: expect.stringContaining('longer than'),
      });
      const packed = gzipSync(Buffer.alloc(33 << 20, ' '));
      expect(packed.length).toBeLessThan(1 << 20);
      listener = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
      expect(await faultOf(list(root))).toMatchObject({ code: 'tenant-answer-invalid', retryable: false });
    });

    it('gives up an answer that never ends when time is up', async () => {
      listener = (_, response) => {
        response.write('{');
      };
      const fault = await faultOf(list(root, deadline(200)));
      expect(fault).toMatchObject({ code: 'timed-out', blame: 'network', retryable: true });
    });

    it('does not follow a redirection, and does not say where it leads', async () => {
      for (const status of [301, 302, 303, 307, 308]) {
        asked.length = 0;
        listener = (request, response) =>
          response
            .writeHead(status, { location: `${root}/planted?token=${request.headers.authorization}` })
            .end();
        const fault = await faultOf(list(root));
        expect(fault).toMatchObject({ code: 'tenant-answer-invalid' });
        expect(asked).toHaveLength(1);
        expectClean(fault);
      }
    });

    it('never shows a token that the answer repeats', async () => {
      for (const status of [200, 400, 401, 403, 404, 407, 418, 429, 500, 503]) {
        listener = (request, response) => {
          const { authorization = '' } = request.headers;
          const said = `${authorization} ${authorization.slice(7)} $skiptoken=planted http://u:planted@p/`;
          response.writeHead(status, { 'retry-after': '0' });
          response.end(status === 404 ? JSON.stringify({ error: { code: said, message: said } }) : said);
        };
        expectClean(await faultOf(list(root)));
      }
    });
  });

  describe('page by page', () => {
    const ROOT = 'https://graph.test';

    before(() => nock.activate());
    beforeEach(() => nock.disableNetConnect());
    afterEach(() => nock.cleanAll());
    after(() => {
      nock.enableNetConnect();
      nock.restore();
    });

    const page = (ids: readonly string[], next?: string): object => ({
      value: ids.map((id) => ({ id })),
      ...(next !== undefined && { '@odata.nextLink': next }),
    });
    const first = () => nock(ROOT).get('/v1.0/items');

    const foreign = {
      'another host': 'https://graph.evil.test/v1.0/items?$skiptoken=planted',
      'a host that begins the same': 'https://graph.test.evil.test/v1.0/items?$skiptoken=planted',
      'a host after a user': 'https://graph.test@evil.test/v1.0/items?$skiptoken=planted',
      'another scheme': 'http://graph.test/v1.0/items?$skiptoken=planted',
      'another port': 'https://graph.test:8443/v1.0/items?$skiptoken=planted',
      'a user and a password': 'https://planted:planted@graph.test/v1.0/items',
      'no address': '/v1.0/items?$skiptoken=planted',
      'a file': 'file:///etc/planted',
    };
    for (const [what, link] of Object.entries(foreign)) {
      it(`never goes on to ${what}`, async () => {
        first().reply(200, page(['a'], link));
        const fault = await faultOf(list(ROOT));
        expect(fault).toMatchObject({
          code: 'tenant-answer-invalid',
          message: expect.stringContaining('elsewhere'),
        });
        expectClean(fault);
      });
    }

    it('does not go round in a circle', async () => {
      first().reply(200, page(['a'], `${ROOT}/v1.0/items?$skiptoken=1`));
      const next = nock(ROOT).get('/v1.0/items').query({ $skiptoken: '1' });
      next.reply(200, page(['b'], `${ROOT}/v1.0/items?$skiptoken=1`));
      expect(await faultOf(list(ROOT))).toMatchObject({ message: expect.stringContaining('circle') });
    });

    it('goes over empty pages, but not for ever', async () => {
      let at = 0;
      const endless = () => page([], `${ROOT}/v1.0/items?$skiptoken=${++at}`);
      first().query(true).times(40).reply(200, endless);
      first()
        .query(true)
        .reply(200, page(['a']));
      expect(await list(ROOT)).toEqual(['a']);
      first().query(true).times(100).reply(200, endless);
      expect(await faultOf(list(ROOT))).toMatchObject({
        code: 'tenant-answer-invalid',
        message: expect.stringContaining('empty pages'),
      });
    });

    it('takes the same item twice as it comes', async () => {
      first().reply(200, page(['a', 'b'], `${ROOT}/v1.0/items?$skiptoken=1`));
      first()
        .query(true)
        .reply(200, page(['b', 'c']));
      expect(await list(ROOT)).toEqual(['a', 'b', 'b', 'c']);
    });

    it('gets one new token when one is refused, and only one', async () => {
      const with_ = (n: number) =>
        nock(ROOT, { reqheaders: { authorization: `Bearer planted-token-${n}` } }).get('/v1.0/items');
      with_(1).reply(401, { error: { code: 'InvalidAuthenticationToken', message: 'Lifetime' } });
      with_(2).reply(200, page(['a']));
      expect(await list(ROOT)).toEqual(['a']);
      for (const n of [3, 4]) with_(n).reply(401, { error: { code: 'InvalidAuthenticationToken' } });
      expect(await faultOf(list(ROOT))).toMatchObject({ code: 'tenant-token-rejected', retryable: false });
      expect(tokens).toBe(4);
    });

    for (const status of [429, 502, 503, 504]) {
      it(`asks again after ${status}, with and without Retry-After`, async () => {
        first().reply(status, '<html>');
        first().reply(status, {}, { 'retry-after': new Date(0).toUTCString() });
        first().reply(status, {}, { 'retry-after': '0' });
        first().reply(200, page(['a']));
        expect(await list(ROOT)).toEqual(['a']);
      });
    }

    it('says that the question is refused, so that another one can be asked', async () => {
      first().reply(400, { error: { code: 'BadRequest', message: 'Invalid filter clause' } });
      expect(await faultOf(list(ROOT))).toMatchObject({ code: 'tenant-query-refused', retryable: false });
    });

    it('blames the address for what a path without a user does not have', async () => {
      first().reply(404, { error: { code: 'UnknownError', message: '' } });
      const fault = await faultOf(list(ROOT));
      expect(fault).toMatchObject({ code: 'tenant-api-missing', blame: 'config' });
      expect(fault.remedy).toContain('tenant.cloud');
    });

    for (const name of CLOUD_NAMES) {
      it(`asks for a token for the Graph of the ${name} cloud`, async () => {
        const { graph } = CLOUDS[name];
        nock(graph)
          .get('/v1.0/items')
          .reply(200, page(['a']));
        expect(await list(graph)).toEqual(['a']);
        expect(scopes).toEqual([`${graph}/.default`]);
      });
    }
  });

  it('reads Retry-After as seconds, or as a date by the clock of whoever answers', () => {
    const cases: readonly (readonly [string | null, number | undefined])[] = [
      ['7', 7000],
      [' 0 ', 0],
      ['Sat, 21 Nov 2026 04:00:30 GMT', 30_000],
      ['Sat, 21 Nov 2026 03:00:00 GMT', 0],
      ['soon', undefined],
      ['', undefined],
      [null, undefined],
    ];
    const date = 'Sat, 21 Nov 2026 04:00:00 GMT';
    for (const [after, expected] of cases)
      expect(retryAfterMs(new Headers({ date, ...(after !== null && { 'retry-after': after }) }))).toBe(
        expected,
      );
    expect(retryAfterMs(new Headers({ 'retry-after': new Date(0).toUTCString() }))).toBe(0);
  });
});
