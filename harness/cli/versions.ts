import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../config/lab-state.ts';

/** Vagrant takes a second or two. */
const LONGEST_MS = 30_000;

/** Versions of everything that a report should name; `not found` for a tool that does not answer. */
export function toolVersions(): Record<string, string> {
  const project = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  return {
    harness: project.version,
    commit: firstLine('git', ['-C', ROOT, 'describe', '--always', '--dirty']),
    node: process.versions.node,
    vagrant: firstLine('vagrant', ['--version']).replace(/^Vagrant /, ''),
    tesseract: firstLine('tesseract', ['--version']).replace(/^tesseract /, ''),
    wine: firstLine('wine', ['--version'], { WINEDEBUG: '-all' }),
  };
}

function firstLine(program: string, args: readonly string[], env: Record<string, string> = {}): string {
  const { stdout, status } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: LONGEST_MS,
  });
  return status === 0 ? (stdout.split('\n')[0] ?? '').trim() : 'not found';
}
