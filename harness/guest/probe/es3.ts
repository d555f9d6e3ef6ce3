import { type AnyNode, type Expression, type Node, parse, type SpreadElement } from 'acorn';

/*
 * For tests: what ECMAScript 3 is, as the JScript 5.8 of Windows 7 to 8.1 has it, and whether a script keeps to it.
 * Source: ECMA-262, 3rd edition, chapter 15.
 */

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
const FUNCTION = ['length', 'name', 'prototype'];

/**
 * Every built-in name, by its owner; `''` is the global object. Without regular expressions: the engine's own replace
 * and split go through their later members.
 */
export const BUILTINS: Readonly<Record<string, readonly string[]>> = {
  '': words(`NaN Infinity undefined eval parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent encodeURI
    encodeURIComponent Object Function Array String Boolean Number Date RegExp Error EvalError RangeError
    ReferenceError SyntaxError TypeError URIError Math`),
  Object: FUNCTION,
  'Object.prototype': words(`constructor toString toLocaleString valueOf hasOwnProperty isPrototypeOf
    propertyIsEnumerable`),
  Function: FUNCTION,
  'Function.prototype': [...FUNCTION, ...words('constructor toString apply call')],
  Array: FUNCTION,
  'Array.prototype':
    words(`length constructor toString toLocaleString concat join pop push reverse shift slice sort
    splice unshift`),
  String: [...FUNCTION, 'fromCharCode'],
  'String.prototype': words(`length constructor toString valueOf charAt charCodeAt concat indexOf lastIndexOf
    localeCompare match replace search slice split substring toLowerCase toLocaleLowerCase toUpperCase
    toLocaleUpperCase`),
  Number: [...FUNCTION, ...words('MAX_VALUE MIN_VALUE NaN NEGATIVE_INFINITY POSITIVE_INFINITY')],
  'Number.prototype': words('constructor toString toLocaleString valueOf toFixed toExponential toPrecision'),
  Date: [...FUNCTION, 'parse', 'UTC'],
  'Date.prototype': words(`constructor toString toDateString toTimeString toLocaleString toLocaleDateString
    toLocaleTimeString valueOf getTime getFullYear getUTCFullYear getMonth getUTCMonth getDate getUTCDate getDay
    getUTCDay getHours getUTCHours getMinutes getUTCMinutes getSeconds getUTCSeconds getMilliseconds
    getUTCMilliseconds getTimezoneOffset setTime setMilliseconds setUTCMilliseconds setSeconds setUTCSeconds
    setMinutes setUTCMinutes setHours setUTCHours setDate setUTCDate setMonth setUTCMonth setFullYear
    setUTCFullYear toUTCString`),
};

/** What cscript adds. */
const HOST = ['WScript', 'ActiveXObject'];

/** Takes everything from a context that a JScript does not have; to be run in it. */
export const REMOVE_LATER = `(function (builtins, host) {
  // All of it is found before any of it goes: what finds it is later than ECMAScript 3 itself.
  const later = Object.keys(builtins).flatMap((path) => {
    const owner = path.split('.').reduce((at, name) => (name === '' ? at : at[name]), globalThis);
    const stays = new Set(builtins[path].concat(path === '' ? host : []));
    return Reflect.ownKeys(owner).filter((name) => !stays.has(name)).map((name) => [owner, name]);
  });
  for (var at = 0; at < later.length; at++) delete later[at][0][later[at][1]];
})(${JSON.stringify(BUILTINS)}, ${JSON.stringify(HOST)});`;

/** Names that objects have since later editions only, or that JScript lacks: `.forEach`, `.trim`, `.bind`. */
const LATER_MEMBERS = new Set(
  words(`forEach map filter reduce reduceRight some every find findIndex fill includes flat flatMap entries isArray
    trim trimStart trimEnd startsWith endsWith padStart padEnd repeat matchAll replaceAll codePointAt bind assign
    keys create defineProperty defineProperties freeze seal getPrototypeOf setPrototypeOf getOwnPropertyNames now
    toISOString toJSON isInteger isSafeInteger fromCodePoint then finally`),
);

/** Where a script is more than ECMAScript 3, in words; empty when it is not. */
export function laterThanEs3(script: string): string[] {
  let program: Node;
  try {
    // "never": in JScript, reserved words are no names of properties either.
    program = parse(script, { ecmaVersion: 3, sourceType: 'script', allowReserved: 'never' });
  } catch (error) {
    return [`does not parse: ${String(error)}`];
  }
  const nodes = [...walk(program as AnyNode)];
  const declared = new Set(nodes.flatMap(({ node }) => declaredBy(node)));
  const known = new Set([...(BUILTINS[''] ?? []), ...HOST, 'arguments', ...declared]);
  return nodes.flatMap(({ node, parent }) =>
    faultsOf(node, parent, script, known).map(
      (fault) => `${fault}: ${script.slice(node.start, node.end).slice(0, 60)}`,
    ),
  );
}

function faultsOf(
  node: AnyNode,
  parent: AnyNode | undefined,
  script: string,
  known: ReadonlySet<string>,
): string[] {
  const faults: string[] = [];
  if (node.type === 'ArrayExpression') {
    // JScript counts a comma at the end as an element.
    const comma = /,\s*]$/.test(script.slice(node.start, node.end));
    if (comma || node.elements.includes(null)) faults.push('a trailing comma or a hole');
  }
  if (node.type === 'MemberExpression') {
    const { property, computed } = node;
    if (!computed && property.type === 'Identifier' && LATER_MEMBERS.has(property.name)) {
      faults.push('a later member');
    }
    if (computed && isText(node.object)) faults.push('a text has no [] in JScript');
  }
  if (node.type === 'Identifier' && !known.has(node.name) && !isName(node, parent)) {
    faults.push('no such global');
  }
  return faults;
}

const isText = (node: Expression | { type: 'Super' }): boolean =>
  node.type === 'Literal' && typeof node.value === 'string';

/** Whether an identifier is the name of a property or a label, not of a variable. */
const isName = (node: AnyNode, parent: AnyNode | undefined): boolean =>
  (parent?.type === 'MemberExpression' && parent.property === node && !parent.computed) ||
  (parent?.type === 'Property' && parent.key === node) ||
  parent?.type === 'LabeledStatement' ||
  parent?.type === 'BreakStatement' ||
  parent?.type === 'ContinueStatement';

function declaredBy(node: AnyNode): string[] {
  const names = (patterns: readonly (AnyNode | null | undefined)[]): string[] =>
    patterns.flatMap((pattern) => (pattern?.type === 'Identifier' ? [pattern.name] : []));
  if (node.type === 'VariableDeclarator') return names([node.id]);
  if (node.type === 'CatchClause') return names([node.param]);
  const isFunction = node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression';
  return isFunction ? names([node.id, ...node.params]) : [];
}

function* walk(node: AnyNode, parent?: AnyNode): Generator<{ node: AnyNode; parent: AnyNode | undefined }> {
  yield { node, parent };
  for (const child of Object.values(node) as unknown[]) {
    for (const one of Array.isArray(child) ? (child as unknown[]) : [child]) {
      if (isNode(one)) yield* walk(one, node);
    }
  }
}

const isNode = (value: unknown): value is AnyNode =>
  typeof value === 'object' && value !== null && typeof (value as Partial<Node>).type === 'string';

/**
 * The same script, in which every reading access with [] goes through `__at(object, name)`: so that a test can see
 * whether one is made to a text, which a parser cannot know.
 */
export function withWatchedIndexing(script: string): string {
  const program = parse(script, { ecmaVersion: 3, sourceType: 'script' }) as AnyNode;
  const edits: { at: number; text: string; remove: number }[] = [];
  for (const { node, parent } of walk(program)) {
    if (node.type !== 'MemberExpression' || !node.computed) continue;
    if (parent?.type === 'AssignmentExpression' && parent.left === node) continue;
    const property = node.property as Expression | SpreadElement;
    edits.push({ at: node.start, text: '__at(', remove: 0 });
    edits.push({ at: node.object.end, text: ',', remove: property.start - node.object.end });
    edits.push({ at: property.end, text: ')', remove: node.end - property.end });
  }
  let text = script;
  for (const { at, text: insert, remove } of edits.sort((a, b) => b.at - a.at)) {
    text = text.slice(0, at) + insert + text.slice(at + remove);
  }
  return text;
}
