import { readFileSync } from 'node:fs';

/** The text of a file, or undefined when there is none; another process may remove it at any time. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
