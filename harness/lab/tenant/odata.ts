/**
 * The part of OData 4 that Microsoft Graph offers on the lab's collections: `$filter` with eq, ne, gt, ge, lt, le, in,
 * and, or, not, startswith, any and paths like `initiatedBy/user/id`; `$orderby`, `$top`, `$select` and paging.
 */
export type Row = Readonly<Record<string, unknown>>;

/** What the caller asked for cannot be understood; the message is meant for the caller. */
export class ODataError extends Error {
  override readonly name = 'ODataError';
}

const COMPARISONS = {
  eq: (a: Scalar, b: Scalar) => a === b,
  ne: (a: Scalar, b: Scalar) => a !== b,
  gt: (a: Scalar, b: Scalar) => ordered(a, b, (order) => order > 0),
  ge: (a: Scalar, b: Scalar) => ordered(a, b, (order) => order >= 0),
  lt: (a: Scalar, b: Scalar) => ordered(a, b, (order) => order < 0),
  le: (a: Scalar, b: Scalar) => ordered(a, b, (order) => order <= 0),
} as const;

type Comparison = keyof typeof COMPARISONS;
type Scalar = string | number | boolean | null;

/** Text, a number, a truth value, null, or an instant (written without quotes, held as milliseconds since 1970). */
export type Literal =
  { readonly kind: 'literal'; readonly value: Scalar } | { readonly kind: 'instant'; readonly at: number };
export type Operand = Literal | { readonly kind: 'path'; readonly segments: readonly string[] };

export type Filter =
  | {
      readonly kind: 'compare';
      readonly operator: Comparison;
      readonly left: Operand;
      readonly right: Operand;
    }
  | { readonly kind: 'in'; readonly item: Operand; readonly list: readonly Literal[] }
  | { readonly kind: 'startswith'; readonly text: Operand; readonly prefix: Operand }
  | { readonly kind: 'any'; readonly list: readonly string[]; readonly variable: string; readonly of: Filter }
  | { readonly kind: 'not'; readonly of: Filter }
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter };

/** Deeper than this no sensible filter is nested; it keeps the parser's recursion small. */
const DEEPEST = 64;

/** @throws ODataError when the text is not a filter of the offered kind */
export function parseFilter(source: string): Filter {
  const tokens = tokenize(source);
  const end: Token = { kind: 'end', text: '', position: source.length };
  let at = 0;
  let depth = 0;

  const peek = (ahead = 0): Token => tokens[at + ahead] ?? end;
  const next = (): Token => {
    const token = peek();
    at += 1;
    return token;
  };
  const accept = (text: string): boolean => {
    if (peek().kind === 'text' || peek().text !== text) return false;
    at += 1;
    return true;
  };
  const expect = (text: string): void => {
    if (!accept(text)) throw unexpected(peek(), `'${text}'`);
  };

  const either = (): Filter => {
    let left = both();
    while (accept('or')) left = { kind: 'or', left, right: both() };
    return left;
  };
  const both = (): Filter => {
    let left = single();
    while (accept('and')) left = { kind: 'and', left, right: single() };
    return left;
  };
  const single = (): Filter => {
    depth += 1;
    if (depth > DEEPEST) throw new ODataError(`The filter is nested deeper than ${DEEPEST} levels`);
    const filter = accept('not') ? { kind: 'not' as const, of: single() } : condition();
    depth -= 1;
    return filter;
  };
  const condition = (): Filter => {
    if (accept('(')) {
      const inner = either();
      expect(')');
      return inner;
    }
    if (peek().kind === 'name' && peek(1).text === '(') return call();
    const left = operand();
    const operator = next();
    if (operator.kind === 'name' && operator.text === 'in') return { kind: 'in', item: left, list: list() };
    if (operator.kind === 'name' && isComparison(operator.text)) {
      return { kind: 'compare', operator: operator.text, left, right: operand() };
    }
    throw unexpected(operator, 'an operator');
  };
  const call = (): Filter => {
    const name = next();
    expect('(');
    let filter: Filter;
    if (name.text === 'startswith') {
      const text = operand();
      expect(',');
      filter = { kind: 'startswith', text, prefix: operand() };
    } else if (name.text.endsWith('/any')) {
      const variable = next();
      if (variable.kind !== 'name') throw unexpected(variable, 'the name of a variable');
      expect(':');
      filter = {
        kind: 'any',
        list: name.text.split('/').slice(0, -1),
        variable: variable.text,
        of: either(),
      };
    } else {
      throw new ODataError(`Unknown function '${name.text}' at position ${name.position}`);
    }
    expect(')');
    return filter;
  };
  const list = (): Literal[] => {
    expect('(');
    const literals: Literal[] = [];
    do {
      const value = operand();
      if (value.kind === 'path') throw new ODataError("'in' takes a list of literals");
      literals.push(value);
    } while (accept(','));
    expect(')');
    return literals;
  };
  const operand = (): Operand => {
    const token = next();
    if (token.kind === 'text') return literal(token.text.slice(1, -1).replaceAll("''", "'"));
    if (token.kind === 'number') return literal(Number(token.text));
    if (token.kind === 'instant') return { kind: 'instant', at: Date.parse(token.text) };
    if (token.kind !== 'name') throw unexpected(token, 'a property or a value');
    if (token.text === 'true' || token.text === 'false') return literal(token.text === 'true');
    if (token.text === 'null') return literal(null);
    return { kind: 'path', segments: token.text.split('/') };
  };

  const filter = either();
  if (peek().kind !== 'end') throw unexpected(peek(), 'the end');
  return filter;
}

/** Whether a row satisfies a filter. A path that leads nowhere is null, and null is never less or greater. */
export function matches(filter: Filter, row: Row): boolean {
  switch (filter.kind) {
    case 'compare':
      return COMPARISONS[filter.operator](...comparable(filter.left, filter.right, row));
    case 'in':
      return filter.list.some((value) => COMPARISONS.eq(...comparable(filter.item, value, row)));
    case 'startswith': {
      const [text, prefix] = [valueOf(filter.text, row), valueOf(filter.prefix, row)];
      return typeof text === 'string' && typeof prefix === 'string' && text.startsWith(prefix);
    }
    case 'any': {
      const items = follow(filter.list, row);
      return (
        Array.isArray(items) &&
        items.some((item: unknown) => matches(filter.of, { ...row, [filter.variable]: item }))
      );
    }
    case 'not':
      return !matches(filter.of, row);
    case 'and':
      return matches(filter.left, row) && matches(filter.right, row);
    case 'or':
      return matches(filter.left, row) || matches(filter.right, row);
  }
}

/** A collection as the caller sees it through its query options. */
export interface Page {
  readonly rows: readonly Row[];
  /** How many rows come before the next page; undefined when this is the last one. */
  readonly nextSkip: number | undefined;
}

/** Rows that are kept in the order of an instant, of which only a part has to be looked at. */
interface Timeline {
  /** The property that holds the instant. */
  readonly by: string;
  /** Instants in milliseconds since 1970, both included. */
  between(from: number, to: number): readonly Row[];
}

/** How a collection may be asked, where that is less than everything. */
interface Queries {
  /** Operators and functions by property; a property of the items of a list by its path, too: `targets/id`. */
  readonly filter: Readonly<Record<string, readonly string[]>>;
  readonly orderBy: readonly string[];
}

export interface Collection {
  readonly rows: readonly Row[] | Timeline;
  /** Every property that rows may have: anything else in a query is the caller's mistake. */
  readonly properties: readonly string[];
  /** Rows on a page, unless `$top` asks for fewer. */
  readonly pageSize: number;
  /** The largest `$top`, however many rows a page then really has; the size of a page when left out. */
  readonly largestTop?: number;
  /** How many rows of a page come again on the next one; none when left out. */
  readonly overlap?: number;
  readonly queries?: Queries;
}

/**
 * Applies `$filter`, `$orderby`, `$top` and `$select`. As in Graph's audit log, `$top` is the size of a page.
 * @throws ODataError
 */
export function query(collection: Collection, options: URLSearchParams, skip = 0): Page {
  const { properties, pageSize, largestTop = pageSize, queries, overlap = 0 } = collection;
  const filterText = options.get('$filter');
  const filter = filterText === null ? undefined : parseFilter(filterText);
  if (filter) {
    for (const root of roots(filter)) mustExist(root, properties);
    if (queries) mustBeFilterable(filter, queries.filter);
  }
  const inOrder = ordering(options.get('$orderby'), properties, queries);

  const rows = candidates(collection.rows, filter);
  const found = filter ? rows.filter((row) => matches(filter, row)) : [...rows];
  found.sort(inOrder);

  const size = Math.min(pageSize, pageLength(options.get('$top'), largestTop));
  const selected = options.get('$select')?.split(',') ?? [];
  for (const name of selected) mustExist(name, properties);
  const next = skip + size;
  return {
    rows: found.slice(skip, next).map((row) => select(row, selected)),
    // However much is repeated, every page gets further.
    nextSkip: next < found.length ? Math.max(skip + 1, next - overlap) : undefined,
  };
}

/** The rows among which a filter can find any: of a timeline, those of the time that it leaves. */
function candidates(rows: Collection['rows'], filter: Filter | undefined): readonly Row[] {
  if (!('by' in rows)) return rows;
  const { from, to } = filter ? span(filter, rows.by) : EVER;
  return rows.between(from, to);
}

interface Span {
  readonly from: number;
  readonly to: number;
}
const EVER: Span = { from: -Infinity, to: Infinity };

/** Between which instants a property must lie for a filter to match. */
export function span(filter: Filter, property: string): Span {
  if (filter.kind === 'and') {
    const [left, right] = [span(filter.left, property), span(filter.right, property)];
    return { from: Math.max(left.from, right.from), to: Math.min(left.to, right.to) };
  }
  if (filter.kind !== 'compare' || filter.left.kind !== 'path' || filter.right.kind !== 'instant')
    return EVER;
  if (filter.left.segments.join('/') !== property) return EVER;
  const { at } = filter.right;
  switch (filter.operator) {
    case 'eq':
      return { from: at, to: at };
    case 'ge':
    case 'gt':
      return { from: at, to: Infinity };
    case 'le':
    case 'lt':
      return { from: -Infinity, to: at };
    case 'ne':
      return EVER;
  }
}

/** @throws ODataError when a filter asks in a way that is not offered */
function mustBeFilterable(filter: Filter, offered: Queries['filter'], item = '', list = ''): void {
  const check = (operand: Operand, operator: string): void => {
    if (operand.kind !== 'path') return;
    const [root = '', ...rest] = operand.segments;
    const path = [...(root === item ? [list] : [root]), ...rest].join('/');
    if (offered[path]?.includes(operator)) return;
    const by = offered[path] ? `, only by ${offered[path].join(', ')}` : '';
    throw new ODataError(`Invalid filter clause: '${path}' can't be filtered by '${operator}'${by}`);
  };
  switch (filter.kind) {
    case 'compare':
      check(filter.left, filter.operator);
      check(filter.right, filter.operator);
      return;
    case 'in':
      check(filter.item, 'in');
      return;
    case 'startswith':
      check(filter.text, 'startswith');
      check(filter.prefix, 'startswith');
      return;
    case 'any':
      mustBeFilterable(filter.of, offered, filter.variable, filter.list.join('/'));
      return;
    case 'not':
      throw new ODataError("Invalid filter clause: 'not' is not supported");
    case 'and':
    case 'or':
      for (const side of [filter.left, filter.right]) {
        mustBeFilterable(side, offered, item, list);
      }
  }
}

/** The row with only the named properties, or all of it when none is named. */
export const select = (row: Row, names: readonly string[]): Row =>
  names.length === 0 ? row : Object.fromEntries(names.map((name) => [name, row[name] ?? null]));

/** @throws ODataError in Graph's words */
export function mustExist(name: string, properties: readonly string[]): void {
  if (!properties.includes(name)) throw new ODataError(`Could not find a property named '${name}'`);
}

interface Token {
  readonly kind: 'text' | 'instant' | 'number' | 'name' | 'sign' | 'end';
  readonly text: string;
  readonly position: number;
}

const TOKEN =
  /(?<text>'(?:[^']|'')*')|(?<instant>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)|(?<number>-?\d+(?:\.\d+)?)|(?<name>[A-Za-z_]\w*(?:\/[A-Za-z_]\w*)*)|(?<sign>[(),:])/y;

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; ;) {
    at += /^\s*/.exec(source.slice(at))?.[0].length ?? 0;
    if (at === source.length) return tokens;
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(source)?.groups;
    if (!groups) throw new ODataError(`Syntax error: character '${source.charAt(at)}' at position ${at}`);
    for (const kind of ['text', 'instant', 'number', 'name', 'sign'] as const) {
      const text = groups[kind];
      if (text !== undefined) tokens.push({ kind, text, position: at });
    }
    const last = tokens.at(-1);
    if (last?.kind === 'instant' && Number.isNaN(Date.parse(last.text))) {
      throw new ODataError(`'${last.text}' is no instant`);
    }
    at = TOKEN.lastIndex;
  }
}

const unexpected = (token: Token, wanted: string): ODataError =>
  new ODataError(
    `Syntax error: ${token.kind === 'end' ? 'the filter ends' : `'${token.text}'`} at position ${token.position}, expected ${wanted}`,
  );

const isComparison = (name: string): name is Comparison => Object.hasOwn(COMPARISONS, name);
const literal = (value: Scalar): Literal => ({ kind: 'literal', value });
/** Only two texts or two numbers (instants among them) have an order. */
function orderOf(a: Scalar, b: Scalar): number | undefined {
  if (typeof a === 'number' && typeof b === 'number')
    return Number.isNaN(a - b) ? undefined : Math.sign(a - b);
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  return undefined;
}
function ordered(a: Scalar, b: Scalar, wanted: (order: number) => boolean): boolean {
  const order = orderOf(a, b);
  return order !== undefined && wanted(order);
}

/** Both sides in the same terms: beside an instant, text is read as one. */
function comparable(left: Operand, right: Operand, row: Row): [Scalar, Scalar] {
  const instants = left.kind === 'instant' || right.kind === 'instant';
  const read = (operand: Operand): Scalar => {
    const value = valueOf(operand, row);
    return instants && typeof value === 'string' ? Date.parse(value) : value;
  };
  return [read(left), read(right)];
}

function valueOf(operand: Operand, row: Row): Scalar {
  if (operand.kind === 'literal') return operand.value;
  if (operand.kind === 'instant') return operand.at;
  const value = follow(operand.segments, row);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function follow(segments: readonly string[], row: Row): unknown {
  let at: unknown = row;
  for (const segment of segments) {
    at =
      typeof at === 'object' && at !== null && Object.hasOwn(at, segment) ? (at as Row)[segment] : undefined;
  }
  return at;
}

/** The properties of the row itself that a filter speaks of; not those of the items that `any` runs over. */
function roots(filter: Filter): string[] {
  switch (filter.kind) {
    case 'compare':
      return [filter.left, filter.right].flatMap(rootOf);
    case 'in':
      return rootOf(filter.item);
    case 'startswith':
      return [filter.text, filter.prefix].flatMap(rootOf);
    case 'any':
      return [...filter.list.slice(0, 1), ...roots(filter.of).filter((root) => root !== filter.variable)];
    case 'not':
      return roots(filter.of);
    case 'and':
    case 'or':
      return [...roots(filter.left), ...roots(filter.right)];
  }
}

const rootOf = (operand: Operand): string[] => (operand.kind === 'path' ? operand.segments.slice(0, 1) : []);

function ordering(
  orderBy: string | null,
  properties: readonly string[],
  queries: Queries | undefined,
): (a: Row, b: Row) => number {
  const keys = (orderBy ?? '').split(',').filter((key) => key.trim() !== '');
  const comparers = keys.map((key) => {
    const [name = '', direction = 'asc', ...rest] = key.trim().split(/\s+/);
    mustExist(name.split('/')[0] ?? '', properties);
    if (queries && !queries.orderBy.includes(name)) {
      throw new ODataError(`Can't be sorted by '${name}', only by ${queries.orderBy.join(', ')}`);
    }
    if (rest.length > 0 || !['asc', 'desc'].includes(direction)) {
      throw new ODataError(`Syntax error in $orderby: '${key.trim()}'`);
    }
    const operand: Operand = { kind: 'path', segments: name.split('/') };
    const sign = direction === 'desc' ? -1 : 1;
    return (a: Row, b: Row) => sign * compareScalars(valueOf(operand, a), valueOf(operand, b));
  });
  return (a, b) => comparers.reduce((sofar, compare) => sofar || compare(a, b), 0);
}

/** For sorting: false before true, and null before everything. */
function compareScalars(a: Scalar, b: Scalar): number {
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  return orderOf(a, b) ?? Number(a !== null) - Number(b !== null);
}

function pageLength(top: string | null, largest: number): number {
  if (top === null) return largest;
  const size = Number(top);
  if (!/^\d+$/.test(top) || size < 1 || size > largest) {
    throw new ODataError(`Invalid value '${top}' for $top: a number from 1 to ${largest} is expected`);
  }
  return size;
}
