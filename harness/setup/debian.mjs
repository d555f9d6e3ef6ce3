import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The package names of debian-packages.txt. */
export function readPackageList() {
  const text = readFileSync(new URL('debian-packages.txt', import.meta.url), 'utf8');
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((name) => name !== '');
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
