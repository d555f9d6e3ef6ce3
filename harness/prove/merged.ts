/** Data as YAML and JSON have it. */
export type Tree = Readonly<Record<string, unknown>>;

/** The second over the first: key by key where both are maps, as a whole elsewhere. */
export function merged(base: Tree, over: Tree): Tree {
  const out: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = out[key];
    out[key] = isTree(before) && isTree(value) ? merged(before, value) : value;
  }
  return out;
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
