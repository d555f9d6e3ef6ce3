import { examine, type Examination, type Finding } from './finding.ts';

/** Every line's finding by its name. */
export async function findings(examinations: readonly Examination[]): Promise<Record<string, Finding>> {
  const found = await Promise.all(examinations.map(async (one) => [one.what, await examine(one)] as const));
  return Object.fromEntries(found);
}

/** Names of the lines that are not `ok`, with their states. */
export const troubles = (found: Readonly<Record<string, Finding>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(found).flatMap(([what, { state }]) => (state === 'ok' ? [] : [[what, state]])),
  );
