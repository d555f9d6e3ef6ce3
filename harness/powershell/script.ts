import { readFileSync } from 'node:fs';
import type { Script } from './powershell.ts';

/**
 * A script that is a file.
 * @param file `new URL('name.ps1', import.meta.url)`: beside the module that runs it
 * @param doing for errors: "taking a picture of the console"
 */
export const scriptFile = (file: URL, doing: string): Script => ({ doing, text: readFileSync(file, 'utf8') });
