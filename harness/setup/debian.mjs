import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * The package names of debian-packages.txt.
 * @param {string} [purpose] `test`: also those that only the tests need
 * @returns {string[]}
 */
export function readPackageList(purpose = 'start') {
  const text = readFileSync(new URL('debian-packages.txt', import.meta.url), 'utf8');
  return text.split('\n').flatMap((line) => {
    const [, name, forTests] = /^([^\s#]+)\s*(?:#\s*(tests:)?.*)?$/.exec(line) ?? [];
    return name && (purpose === 'test' || !forTests) ? [name] : [];
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
