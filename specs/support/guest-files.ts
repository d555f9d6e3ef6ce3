import { Fault } from '../../harness/core/errors.ts';
import type { Story } from './story.ts';

const FOLDER = 'C:\\Windows\\Temp';

/** Where the package lies in the guest, under the name that the English document gives it. */
export const PACKAGE = `${FOLDER}\\SsprWindowsLogon.PROD.msi`;
/** An earlier version of it, to be replaced. */
export const PREVIOUS_PACKAGE = `${FOLDER}\\SsprWindowsLogon.previous.msi`;
export const INSTALL_LOG = `${FOLDER}\\SsprWindowsLogon-install.log`;
export const SECOND_INSTALL_LOG = `${FOLDER}\\SsprWindowsLogon-second-install.log`;
export const UPGRADE_LOG = `${FOLDER}\\SsprWindowsLogon-upgrade.log`;
export const UNINSTALL_LOG = `${FOLDER}\\SsprWindowsLogon-uninstall.log`;

/**
 * The text of a file of the guest; empty when there is none. `type` shows the UTF-16 of Windows Installer as text.
 * @throws Fault `guest-file-unreadable`
 */
export async function readGuestFile(story: Story, path: string): Promise<string> {
  const deadline = story.deadline(story.settings.limits.command, `reading ${path}`);
  const line = `if exist "${path}" type "${path}"`;
  const { exitCode, stdout, stderr } = await (await story.channel()).exec({ line }, deadline);
  if (exitCode === 0) return stdout;
  throw new Fault(`The machine does not show ${path}: ${stderr.trim()}`, {
    code: 'guest-file-unreadable',
    blame: 'machine',
    retryable: true,
    remedy: 'Check on the machine that the account of WinRM may read this file.',
  });
}

/**
 * Whether there is such a file in the guest. A name without a folder is looked for where Windows looks first.
 * @throws Fault `guest-file-unreadable`
 */
export async function guestFileExists(story: Story, file: string): Promise<boolean> {
  const bare = file.replaceAll('"', '');
  const path = bare.includes('\\') ? bare : `%SystemRoot%\\System32\\${bare}`;
  const deadline = story.deadline(story.settings.limits.command, `looking for ${path}`);
  const line = `if exist "${path}" (echo SSPR-YES) else echo SSPR-NO`;
  const { stdout, stderr } = await (await story.channel()).exec({ line }, deadline);
  if (stdout.includes('SSPR-YES')) return true;
  if (stdout.includes('SSPR-NO')) return false;
  throw new Fault(`The machine does not say whether there is a file ${path}: ${stderr.trim()}`, {
    code: 'guest-file-unreadable',
    blame: 'machine',
    retryable: true,
    remedy: 'Check on the machine that the account of WinRM may look into this folder.',
  });
}

/** The paths of the files in a folder of the guest and below it; none when there is no such folder. */
export async function guestFilesBelow(story: Story, folder: string): Promise<readonly string[]> {
  const deadline = story.deadline(story.settings.limits.command, `looking into ${folder}`);
  // Its words are in the machine's language, so only paths are taken.
  const line = `dir /a-d /b /s "${folder}" 2>nul`;
  const { stdout } = await (await story.channel()).exec({ line }, deadline);
  const start = `${folder.toLowerCase()}\\`;
  return stdout
    .split(/\r?\n/)
    .map((path) => path.trim())
    .filter((path) => path.toLowerCase().startsWith(start));
}
