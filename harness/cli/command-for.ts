import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../config/lab-state.ts';
import { CONFIG_FILE, LAB_CONFIG, type LoadedConfig } from '../config/load.ts';

/**
 * A command to go on with, about the same configuration: without it, the command could be about other machines of that name.
 * @param words what follows `npx sspr`
 */
export function commandFor({ file }: LoadedConfig, words: string): string {
  const usual = join(ROOT, CONFIG_FILE);
  const taken = existsSync(usual) ? usual : undefined;
  return `npx sspr ${words}${file === taken ? '' : ` --config ${file ?? LAB_CONFIG}`}`;
}
