/**
 * What an exit code of msiexec means for what comes next.
 * - `success`: done. `reboot`: done after a restart, which the installer asks for or has begun.
 * - `absent`: the product is not there, which is fine for an uninstall.
 * - `retry`: the same command may work in a while.
 * - `environment`: the machine or its policy forbids it. `package`: the file is wrong. `failed`: the install failed.
 * - `usage`: the command line is wrong.
 */
export type MsiExitClass =
  'success' | 'reboot' | 'absent' | 'retry' | 'environment' | 'package' | 'failed' | 'usage';

export interface MsiExit {
  readonly code: number;
  readonly name: string;
  readonly class: MsiExitClass;
  readonly meaning: string;
  readonly remedy: string;
}

const NONE = 'Nothing to do.';
const READ_LOG = 'Read the kept msiexec log: the lines around "Return value 3" name the action that failed.';

/** Exit codes of msiexec. Source of codes and names: facts 8. */
export const MSI_EXITS: readonly MsiExit[] = [
  row(0, 'ERROR_SUCCESS', 'success', 'completed', NONE),
  row(13, 'ERROR_INVALID_DATA', 'failed', 'invalid data', READ_LOG),
  row(
    87,
    'ERROR_INVALID_PARAMETER',
    'usage',
    'a parameter is invalid',
    'Check the command line that was run.',
  ),
  row(
    1601,
    'ERROR_INSTALL_SERVICE_FAILURE',
    'retry',
    'the Windows Installer service cannot be reached',
    'Start the service msiserver and try again.',
  ),
  row(
    1602,
    'ERROR_INSTALL_USEREXIT',
    'failed',
    'the user cancelled',
    'Run it with /qn, so that nobody is asked.',
  ),
  row(1603, 'ERROR_INSTALL_FAILURE', 'failed', 'fatal error during installation', READ_LOG),
  row(
    1604,
    'ERROR_INSTALL_SUSPEND',
    'retry',
    'suspended before it was complete',
    'Restart the machine and run it again.',
  ),
  row(1605, 'ERROR_UNKNOWN_PRODUCT', 'absent', 'the product is not installed', NONE),
  row(
    1612,
    'ERROR_INSTALL_SOURCE_ABSENT',
    'package',
    'the installation source is not available',
    'Put the original MSI file back, or uninstall by its product code.',
  ),
  row(
    1613,
    'ERROR_INSTALL_PACKAGE_VERSION',
    'environment',
    'needs a newer Windows Installer',
    'Install the service pack and the updates of this Windows first.',
  ),
  row(1614, 'ERROR_PRODUCT_UNINSTALLED', 'absent', 'the product is uninstalled', NONE),
  row(
    1618,
    'ERROR_INSTALL_ALREADY_RUNNING',
    'retry',
    'another installation is in progress',
    'Wait until it has ended and try again; Windows Update may be at work.',
  ),
  row(
    1619,
    'ERROR_INSTALL_PACKAGE_OPEN_FAILED',
    'package',
    'the package cannot be opened',
    'Check that the file is on the machine; a network path cannot be read through WinRM.',
  ),
  row(
    1620,
    'ERROR_INSTALL_PACKAGE_INVALID',
    'package',
    'not a valid package',
    'Get the MSI again: it is damaged.',
  ),
  row(
    1622,
    'ERROR_INSTALL_LOG_FAILURE',
    'usage',
    'the log file cannot be opened',
    'Choose a folder that exists for the log.',
  ),
  row(
    1623,
    'ERROR_INSTALL_LANGUAGE_UNSUPPORTED',
    'package',
    'the language of the package is not supported',
    'Get the package in a language that this Windows supports.',
  ),
  row(
    1624,
    'ERROR_INSTALL_TRANSFORM_FAILURE',
    'usage',
    'a transform cannot be applied',
    'Check TRANSFORMS on the command line.',
  ),
  row(
    1625,
    'ERROR_INSTALL_PACKAGE_REJECTED',
    'environment',
    'forbidden by system policy',
    'Allow the package in the policies for Windows Installer, AppLocker or software restriction.',
  ),
  row(
    1633,
    'ERROR_INSTALL_PLATFORM_UNSUPPORTED',
    'package',
    'the package is for another processor architecture',
    'Use the installer for the architecture of this Windows.',
  ),
  row(
    1638,
    'ERROR_PRODUCT_VERSION',
    'failed',
    'another version of the product is installed',
    'Uninstall the other version first.',
  ),
  row(
    1639,
    'ERROR_INVALID_COMMAND_LINE',
    'usage',
    'the command line is invalid',
    'Check the command line that was run.',
  ),
  row(
    1640,
    'ERROR_INSTALL_REMOTE_DISALLOWED',
    'environment',
    'not allowed in this kind of session',
    'Install from the console session or through WinRM, not through Remote Desktop.',
  ),
  row(
    1641,
    'ERROR_SUCCESS_REBOOT_INITIATED',
    'reboot',
    'completed, and the installer has started a restart',
    'Wait until the machine is back.',
  ),
  row(
    1644,
    'ERROR_INSTALL_TRANSFORM_REJECTED',
    'environment',
    'policy forbids the transform',
    'Allow the transform by policy.',
  ),
  row(
    1645,
    'ERROR_INSTALL_REMOTE_PROHIBITED',
    'environment',
    'not permitted from Remote Desktop',
    'Install from the console session or through WinRM, not through Remote Desktop.',
  ),
  row(
    1654,
    'ERROR_INSTALL_REJECTED',
    'environment',
    'the app is not supported on this version of Windows',
    'Use the installer for this version of Windows.',
  ),
  row(
    3010,
    'ERROR_SUCCESS_REBOOT_REQUIRED',
    'reboot',
    'completed, a restart is required',
    'Restart the machine.',
  ),
];

/** The row of an exit code; any other error of Windows may surface too, and counts as a failed install. */
export const msiExit = (code: number): MsiExit =>
  MSI_EXITS.find((exit) => exit.code === code) ??
  row(code, 'unknown', 'failed', `Windows error ${code}`, `net helpmsg ${code}`);

function row(code: number, name: string, cls: MsiExitClass, meaning: string, remedy: string): MsiExit {
  return { code, name, class: cls, meaning, remedy };
}
