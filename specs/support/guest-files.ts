import { Fault } from '../../harness/core/errors.ts';
import type { Story } from './story.ts';

const FOLDER = 'C:\\Windows\\Temp';

/** Where the package lies in the guest, under the name that the English document gives it. */
export const PACKAGE = `${FOLDER}\\SsprWindowsLogon.PROD.msi`;
export const INSTALL_LOG = `${FOLDER}\\SsprWindowsLogon-install.log`;
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
