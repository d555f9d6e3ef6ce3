/** The names, those first that are most like the one that was given. */
export const nearestFirst = (given: string, known: readonly string[]): string[] =>
  known
    .map((name) => ({ name, distance: distance(given, name) - (name.includes(given) ? name.length : 0) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ name }) => name);

/** How many letters must be put in, taken away or changed (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const change = (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
