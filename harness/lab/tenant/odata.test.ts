import { expect } from '@playwright/test';
import fc from 'fast-check';
import {
  matches,
  ODataError,
  parseFilter,
  query,
  span,
  type Collection,
  type Filter,
  type Literal,
  type Operand,
} from './odata.ts';

const AUDIT = {
  id: 'a1',
  activityDateTime: '2026-11-21T10:00:00.5000000Z',
  result: 'success',
  count: 3,
  initiatedBy: { app: null, user: { userPrincipalName: "o'brien@contoso.example" } },
  targetResources: [
    { id: 't1', displayName: null },
    { id: 't2', displayName: 'Two' },
  ],
};

describe('OData $filter', () => {
  for (const [filter, expected] of [
    ["result eq 'success'", true],
    ["result ne 'success'", false],
    ["initiatedBy/user/userPrincipalName eq 'o''brien@contoso.example'", true],
    ["startswith(initiatedBy/user/userPrincipalName,'o')", true],
    ["startswith(initiatedBy/user/displayName,'o')", false],
    ['initiatedBy/app/appId eq null and not (count gt 3)', true],
    ['activityDateTime ge 2026-11-21T10:00:00.5Z', true],
    ['activityDateTime ge 2026-11-21T12:00:00.6+02:00', false],
    ['activityDateTime lt 2026-11-22', true],
    ["result in ('failure', 'success')", true],
    ["result in ('failure')", false],
    ["targetResources/any(t: t/id eq 't2')", true],
    ["targetResources/any(t:t/displayName eq 'Two' and t/id eq 't1')", false],
    ["missing/any(t:t/id eq 't1')", false],
    // 'and' binds closer than 'or', and 'not' closest.
    ["result eq 'success' or result eq 'x' and count eq 9", true],
    ["not result eq 'x' and count eq 9", false],
    // Nothing is less or greater than null, or than a value of another type.
    ['missing ge 0 or missing le 0 or result ge 0', false],
  ] as const) {
    it(`${filter} is ${expected}`, () => {
      expect(matches(parseFilter(filter), AUDIT)).toBe(expected);
    });
  }

  for (const broken of [
    '',
    'result',
    'result eq',
    "result eq 'open",
    "result like 'x'",
    "(result eq 'x'",
    "result eq 'x')",
    'targetResources/any(',
    'targetResources/all(t:t/id eq 1)',
    'when eq 2026-13-45T00:00:00Z',
    'a in (b)',
    '('.repeat(100_000),
    'not '.repeat(100_000),
  ]) {
    it(`refuses ${JSON.stringify(broken.slice(0, 40))}`, () => {
      expect(() => parseFilter(broken)).toThrow(ODataError);
    });
  }

  it('reads back what is written in its own grammar', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        expect(parseFilter(write(filter))).toEqual(filter);
      }),
    );
  });

  it('follows the laws of logic on any row', () => {
    const rows = fc.record({
      a: values,
      b: fc.record({ c: values }),
      list: fc.array(fc.record({ c: values })),
    });
    fc.assert(
      fc.property(filters, filters, rows, (left, right, row) => {
        const both = matches({ kind: 'and', left, right }, row);
        const not = (of: Filter): Filter => ({ kind: 'not', of });
        const neitherNot = { kind: 'or', left: not(left), right: not(right) } as const;
        expect(matches(not(neitherNot), row)).toBe(both);
      }),
    );
  });

  it('answers any text with a filter or an ODataError, never otherwise', () => {
    const words = fc.array(
      fc.constantFrom(
        'a',
        'b/c',
        'eq',
        'in',
        'not',
        'and',
        '(',
        ')',
        ',',
        ':',
        "'x'",
        '1',
        'list/any',
        'startswith',
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          words.map((list) => list.join(' ')),
          fc.string(),
        ),
        (text) => {
          try {
            parseFilter(text);
          } catch (error) {
            expect(error).toBeInstanceOf(ODataError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('OData query', () => {
  const collection = {
    rows: [3, 1, 2, 5, 4].map((n) => ({ n, even: n % 2 === 0 })),
    properties: ['n', 'even'],
    pageSize: 4,
  };
  const ask = (text: string, skip = 0) => query(collection, new URLSearchParams(text), skip);

  it('filters, sorts, selects and cuts into pages', () => {
    expect(ask('$orderby=n desc&$top=2&$select=n')).toEqual({ rows: [{ n: 5 }, { n: 4 }], nextSkip: 2 });
    expect(ask('$orderby=n desc&$top=2&$select=n', 4)).toEqual({ rows: [{ n: 1 }], nextSkip: undefined });
    expect(ask('$orderby=even,n desc').rows.map(({ n }) => n)).toEqual([5, 3, 1, 4]);
    expect(ask('$filter=even eq true&$orderby=n').rows.map(({ n }) => n)).toEqual([2, 4]);
  });

  for (const wrong of [
    '$top=0',
    '$top=5',
    '$top=x',
    '$select=m',
    '$orderby=m',
    '$orderby=n up',
    '$filter=m eq 1',
  ]) {
    it(`refuses ${wrong}`, () => {
      expect(() => ask(wrong)).toThrow(ODataError);
    });
  }
});

describe('OData query of a timeline', () => {
  const at = fc.integer({ min: 0, max: 20 });
  const bounds = fc.letrec<{ bound: Filter }>((tie) => ({
    bound: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.record({
        kind: fc.constant('compare' as const),
        operator: fc.constantFrom('eq' as const, 'ne' as const, 'gt' as const, 'ge' as const, 'le' as const),
        left: fc.constantFrom(
          { kind: 'path' as const, segments: ['at'] },
          { kind: 'path' as const, segments: ['n'] },
        ),
        right: at.map((instant) => ({ kind: 'instant' as const, at: instant })),
      }),
      fc.record({ kind: fc.constant('not' as const), of: tie('bound') }),
      fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        left: tie('bound'),
        right: tie('bound'),
      }),
    ),
  })).bound;
  const iso = (instant: number) => new Date(instant).toISOString();

  it('finds what a look at every row finds', () => {
    fc.assert(
      fc.property(fc.array(at), bounds, (instants, filter) => {
        const rows = instants.map((instant, n) => ({ at: iso(instant), n: iso(n) }));
        const options = new URLSearchParams({ $filter: write(filter) });
        const ask = (kept: Collection['rows']) =>
          query({ rows: kept, properties: ['at', 'n'], pageSize: 1000 }, options).rows;
        const between = (from: number, to: number) =>
          rows.filter((row) => Date.parse(row.at) >= from && Date.parse(row.at) <= to);
        expect(ask({ by: 'at', between })).toEqual(ask(rows));
      }),
    );
  });

  it('looks at no more rows than a filter leaves', () => {
    const filter = parseFilter("at ge 1970-01-01T00:00:01Z and (n eq 'x' and at le 1970-01-01T00:00:02Z)");
    expect(span(filter, 'at')).toEqual({ from: 1000, to: 2000 });
  });
});

const values = fc.oneof(fc.constantFrom('x', 'y', null, true, 1, 2), fc.constant('2026-11-21T00:00:00Z'));
const literals: fc.Arbitrary<Literal> = fc.oneof(
  fc
    .oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
    .map((value) => ({ kind: 'literal' as const, value })),
  fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => ({
    kind: 'instant' as const,
    at: date.getTime(),
  })),
);
const operands: fc.Arbitrary<Operand> = fc.oneof(
  literals,
  fc.constantFrom(['a'], ['b', 'c'], ['item', 'c']).map((segments) => ({ kind: 'path' as const, segments })),
);
const filters: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({
      kind: fc.constant('compare' as const),
      operator: fc.constantFrom(
        'eq' as const,
        'ne' as const,
        'gt' as const,
        'ge' as const,
        'lt' as const,
        'le' as const,
      ),
      left: operands,
      right: operands,
    }),
    fc.record({
      kind: fc.constant('in' as const),
      item: operands,
      list: fc.array(literals, { minLength: 1 }),
    }),
    fc.record({ kind: fc.constant('startswith' as const), text: operands, prefix: operands }),
    fc.record({
      kind: fc.constant('any' as const),
      list: fc.constant(['list']),
      variable: fc.constant('item'),
      of: tie('filter'),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('filter') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      left: tie('filter'),
      right: tie('filter'),
    }),
  ),
})).filter;

/** The filter as text, with every operand of a connective in brackets. */
function write(filter: Filter): string {
  switch (filter.kind) {
    case 'compare':
      return `${writeOperand(filter.left)} ${filter.operator} ${writeOperand(filter.right)}`;
    case 'in':
      return `${writeOperand(filter.item)} in (${filter.list.map(writeOperand).join(',')})`;
    case 'startswith':
      return `startswith(${writeOperand(filter.text)}, ${writeOperand(filter.prefix)})`;
    case 'any':
      return `${filter.list.join('/')}/any(${filter.variable}:${write(filter.of)})`;
    case 'not':
      return `not (${write(filter.of)})`;
    case 'and':
    case 'or':
      return `(${write(filter.left)}) ${filter.kind} (${write(filter.right)})`;
  }
}

function writeOperand(operand: Operand): string {
  if (operand.kind === 'path') return operand.segments.join('/');
  if (operand.kind === 'instant') return new Date(operand.at).toISOString();
  return typeof operand.value === 'string'
    ? `'${operand.value.replaceAll("'", "''")}'`
    : String(operand.value);
}
