/** One line of what `npm run test:vm` prints. */
export function printStep(how: 'ok' | 'FAILED', milliseconds: number, title: string): void {
  process.stdout.write(`${how.padEnd(6)} ${(milliseconds / 1000).toFixed(1).padStart(6)} s  ${title}\n`);
}
