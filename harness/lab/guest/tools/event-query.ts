import type { LoggedEvent } from '../event-log.ts';

/** Thrown for what this subset of the event query language does not know. */
export class QueryError extends Error {}

export type EventTest = (event: LoggedEvent) => boolean;

const LEVELS = ['LogAlways', 'Critical', 'Error', 'Warning', 'Information', 'Verbose'];

export const levelNumber = ({ level }: LoggedEvent): number => LEVELS.indexOf(level);

type Value = (event: LoggedEvent) => string | number;

const ELEMENTS: Readonly<Record<string, Value>> = {
  EventID: (event) => event.id,
  EventRecordID: (event) => event.record,
  Level: levelNumber,
  Channel: (event) => event.log,
  Computer: (event) => event.computer,
};

const ATTRIBUTES: Readonly<Record<string, Readonly<Record<string, Value>>>> = {
  Provider: { Name: (event) => event.source },
  TimeCreated: { SystemTime: (event) => event.at },
};

/**
 * Compiles the part of the XPath of Windows' event log that administrators use:
 * `*[System[Provider[@Name='a' or @Name='b'] and (EventID=1 or Level<=2) and TimeCreated[timediff(@SystemTime)<=1000]]]`.
 * @throws QueryError for anything else
 */
export function compileQuery(text: string): EventTest {
  const tokens = tokenize(text);
  let at = 0;
  const peek = (): string => tokens[at] ?? '';
  const take = (): string => tokens[at++] ?? '';
  const expect = (token: string): void => {
    if (take() !== token) throw new QueryError(`expected ${token} in ${text}`);
  };

  const test = path();
  if (at < tokens.length) throw new QueryError(`unexpected ${peek()} in ${text}`);
  return test;

  /** `*`, `Event`, either with conditions in brackets. */
  function path(): EventTest {
    const root = take();
    if (root !== '*' && root !== 'Event') throw new QueryError(`expected * or Event in ${text}`);
    if (peek() === '/') {
      take();
      return system();
    }
    return peek() === '[' ? bracketed(() => either(system)) : () => true;
  }

  function system(): EventTest {
    expect('System');
    if (peek() === '/') {
      take();
      return condition();
    }
    return peek() === '[' ? bracketed(() => either(condition)) : () => true;
  }

  function bracketed(inner: () => EventTest): EventTest {
    expect('[');
    const found = inner();
    expect(']');
    return found;
  }

  function either(part: () => EventTest): EventTest {
    const left = both(part);
    if (peek() !== 'or') return left;
    take();
    const right = either(part);
    return (event) => left(event) || right(event);
  }

  function both(part: () => EventTest): EventTest {
    const left = grouped(part);
    if (peek() !== 'and') return left;
    take();
    const right = both(part);
    return (event) => left(event) && right(event);
  }

  function grouped(part: () => EventTest): EventTest {
    if (peek() !== '(') return part();
    take();
    const inner = either(part);
    expect(')');
    return inner;
  }

  /** `EventID=1`, `Provider[@Name='x']` */
  function condition(): EventTest {
    const name = take();
    const attributes = ATTRIBUTES[name];
    if (attributes) return bracketed(() => either(() => comparison(attribute(attributes))));
    const element = ELEMENTS[name];
    if (!element) throw new QueryError(`unknown element ${name}`);
    return comparison(element);
  }

  /** `@Name`, or `timediff(@SystemTime)`: milliseconds since then. */
  function attribute(attributes: Readonly<Record<string, Value>>): Value {
    const first = take();
    if (first === 'timediff') {
      expect('(');
      const time = attribute(attributes);
      expect(')');
      return (event) => Date.now() - Date.parse(time(event).toString());
    }
    const found = first.startsWith('@') ? attributes[first.slice(1)] : undefined;
    if (!found) throw new QueryError(`unknown attribute ${first}`);
    return found;
  }

  function comparison(value: Value): EventTest {
    const compare = COMPARISONS[take()];
    const literal = take();
    if (!compare || !/^(\d+$|')/.test(literal)) throw new QueryError(`incomplete comparison in ${text}`);
    const right = literal.startsWith("'") ? literal.slice(1, -1) : Number(literal);
    return (event) => {
      const left = value(event);
      return typeof left === 'number'
        ? compare(left, Number(right))
        : compare(comparable(left), comparable(right));
    };
  }
}

/** Times are compared as times however many digits they have, everything else without regard to case. */
function comparable(value: string | number): string {
  const text = value.toString();
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? text.toLowerCase() : new Date(time).toISOString();
}

const COMPARISONS: Readonly<Record<string, <T extends string | number>(a: T, b: T) => boolean>> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function tokenize(text: string): string[] {
  const plain = text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replace(/"([^"']*)"/g, "'$1'");
  const tokens = plain.match(/'[^']*'|@?\w+|[<>!]=|[*/[\]()=<>]|\S/g) ?? [];
  return tokens;
}
