import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What packages are marked with that only one purpose needs. */
const MARKS = { test: 'tests:', vm: 'vm:' };

/**
 * The package names of debian-packages.txt.
 * @param {string} [purpose] `test` or `vm`: also those that only these need
 * @returns {string[]}
 */
export function readPackageList(purpose = 'start') {
  const text = readFileSync(new URL('debian-packages.txt', import.meta.url), 'utf8');
  return text.split('\n').flatMap((line) => {
    const [, name, mark] = /^([^\s#]+)\s*(?:#\s*(tests:|vm:)?.*)?$/.exec(line) ?? [];
    return name && (!mark || mark === MARKS[purpose]) ? [name] : [];
  });
}

/**
 * Those of the packages that are not installed. All of them where there is no dpkg.
 * @param {string[]} packages
 */
export function missingPackages(packages) {
  const query = spawnSync('dpkg-query', ['-W', '-f=${Package} ${db:Status-Status}\\n', ...packages], {
    encoding: 'utf8',
  });
  const installed = new Set(
    (query.stdout ?? '')
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return packages.filter((name) => !installed.has(name));
}
