import { Fault } from '../../harness/core/errors.ts';
import { type Facts, SSPR_CLSID } from '../../harness/guest/facts.ts';
import { openRegistry } from '../../harness/guest/probe/fallback.ts';
import { resetProvider } from '../controls/credential-providers.ts';
import { guestFileExists, guestFilesBelow } from './guest-files.ts';
import type { Story } from './story.ts';

/** Where COM keeps the classes of 64-bit and of 32-bit programs. */
const CLASSES = ['Classes', 'Classes\\Wow6432Node'].map(
  (folder) => `HKEY_LOCAL_MACHINE\\SOFTWARE\\${folder}\\CLSID\\${SSPR_CLSID}`,
);

/**
 * The places, in words, where something of the add-in is after its removal.
 * @param dll the file of its DLL before the removal; '' when that is not known
 * @param facts of the machine after the removal, with its products and credential providers
 * @throws Fault `registry-unreadable`, `guest-file-unreadable`
 */
export async function findLeftovers(story: Story, dll: string, facts: Facts): Promise<readonly string[]> {
  const files = (await filesLeft(story, dll)).map((file) => `the file ${file}`);
  const entries = facts.products.map(({ key, displayName }) => `the entry ${displayName || key}`);
  const provider = resetProvider(facts) === undefined ? [] : [`the credential provider key ${SSPR_CLSID}`];
  const classes = (await classesThere(story)).map((key) => `the class ${key}`);
  return [...files, ...entries, ...provider, ...classes];
}

/** A folder of Windows is nobody's; any other that the DLL was in is the add-in's own, with all that is in it. */
async function filesLeft(story: Story, dll: string): Promise<readonly string[]> {
  const folder = dll.replaceAll('"', '').slice(0, Math.max(0, dll.replaceAll('"', '').lastIndexOf('\\')));
  if (folder === '' || /^(%(systemroot|windir)%|[a-z]:\\windows)(\\|$)/i.test(folder))
    return dll !== '' && (await guestFileExists(story, dll)) ? [dll] : [];
  return guestFilesBelow(story, folder);
}

async function classesThere(story: Story): Promise<readonly string[]> {
  const deadline = story.deadline(story.settings.limits.command, 'looking for the class of the add-in');
  const channel = await story.channel();
  const registry = await openRegistry((line) => channel.exec({ line }, deadline));
  const found: string[] = [];
  for (const key of CLASSES) {
    const there = await registry.key(key).catch(unreadable);
    if (there !== undefined) found.push(key);
  }
  return found;
}

/** reg.exe could not look; faults of the channel go on as they are. */
function unreadable(error: unknown): never {
  if (error instanceof Fault) throw error;
  throw new Fault(`The registry cannot be read: ${String(error)}`, {
    code: 'registry-unreadable',
    blame: 'machine',
    retryable: true,
    remedy: 'Check on the machine that the account of WinRM may read below HKLM\\SOFTWARE\\Classes.',
  });
}
