#!/usr/bin/env node
// Starts the command line in TypeScript. Kept in JavaScript, so that it runs before anything is compiled.
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');
