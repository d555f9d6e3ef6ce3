#!/usr/bin/env node
// Starts the command line in TypeScript. Kept in JavaScript, so that it runs before anything is compiled.
import { existsSync } from 'node:fs';

const BAD_USAGE = 2;

if (existsSync(new URL('../../node_modules/tsx', import.meta.url))) {
  const { register } = await import('tsx/esm/api');
  register();
  await import('./main.ts');
} else {
  process.stderr.write(
    'error: The Node packages are not installed yet\nRun "npm start" first, or "npm ci".\n',
  );
  process.exitCode = BAD_USAGE;
}
