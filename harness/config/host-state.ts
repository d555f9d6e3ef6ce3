import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where this host remembers what all runs of a user share: the tries of the test users, and when the tenant was asked.
 * Below the usual place of such state (XDG Base Directory, `%LOCALAPPDATA%`); `SSPR_STATE_FOLDER` is for tests.
 */
export function hostStateFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { SSPR_STATE_FOLDER, XDG_STATE_HOME, LOCALAPPDATA } = environment;
  if (SSPR_STATE_FOLDER) return SSPR_STATE_FOLDER;
  // Relative ones would be another folder wherever a run starts; XDG has them ignored.
  const usual = [XDG_STATE_HOME, LOCALAPPDATA].find((folder) => folder && isAbsolute(folder));
  return join(usual ?? join(homedir(), '.local', 'state'), 'sspr-logon-compliance');
}
