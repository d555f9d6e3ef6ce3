/** One measurement of two ways to do the same, in one run: the ratio says more than either time. */
export interface Comparison {
  readonly what: string;
  /** Who sets the yardstick: "pywinrm". */
  readonly yardstick: string;
  /** The ratio that we want to stay at or below. */
  readonly target: number;
  readonly rounds: number;
  /** Both return the milliseconds that they took. */
  readonly ours: () => Promise<number>;
  readonly theirs: () => Promise<number>;
}

export interface Measured {
  readonly what: string;
  readonly yardstick: string;
  readonly target: number;
  /** Medians, in milliseconds. */
  readonly ours: number;
  readonly theirs: number;
  readonly ratio: number;
}

/** Alternates between the two, so that whatever else the host does falls on both. The first round is not counted. */
export async function measure({ rounds, ours, theirs, ...named }: Comparison): Promise<Measured> {
  const times = { ours: [] as number[], theirs: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const [mine, other] = [await ours(), await theirs()];
    if (round === 0 && rounds > 1) continue;
    times.ours.push(mine);
    times.theirs.push(other);
    if (rounds === 1) break;
  }
  const [mine, other] = [median(times.ours), median(times.theirs)];
  return { ...named, ours: mine, theirs: other, ratio: mine / other };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** A line a measurement, for a terminal. */
export function render({ what, yardstick, target, ours, theirs, ratio }: Measured): string {
  const verdict = ratio <= target ? 'ok' : 'MISSED';
  return (
    `${what.padEnd(44)} ${shown(ours)} ${yardstick.padStart(9)} ${shown(theirs)}` +
    `   ratio ${ratio.toFixed(2)} (target ${target.toFixed(2)})  ${verdict}`
  );
}

const shown = (ms: number): string =>
  ms < 10_000 ? `${ms.toFixed(0).padStart(6)} ms` : `${(ms / 1000).toFixed(1).padStart(6)} s `;

/** How long it takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
