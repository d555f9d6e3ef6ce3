import { readLabState } from '../../config/lab-state.ts';
import { Fault } from '../../core/errors.ts';
import { checkNamespaces } from '../../lab/guest/power.ts';
import { findPreparedFiles } from '../../lab/guest/prepare.ts';
import { missingPackages, readPackageList } from '../../setup/debian.mjs';
import type { Examination } from './finding.ts';

/** What the embedded lab needs of this host. */
export const LAB_EXAMINATIONS: readonly Examination[] = [
  { what: 'Debian packages', look: debianPackages },
  { what: 'isolation', look: namespaces },
  { what: 'lab files', look: () => findPreparedFiles()?.golden ?? 'not prepared yet; a run prepares them' },
  { what: 'lab', look: () => (readLabState() ? 'running' : 'not running; a run starts it') },
];

function debianPackages(): string {
  const wanted = readPackageList();
  const missing = missingPackages(wanted);
  if (missing.length === 0) return `all ${wanted.length} installed`;
  throw new Fault(`missing: ${missing.join(' ')}`, {
    code: 'packages-missing',
    blame: 'config',
    remedy: `apt-get install -y --no-install-recommends ${missing.join(' ')}`,
  });
}

function namespaces(): string {
  checkNamespaces();
  return 'namespaces can be made';
}
