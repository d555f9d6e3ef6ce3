import type { Facts, JoinState, NetworkSignOn, Reading } from '../../facts.ts';
import { describe } from './errors.ts';
import { listKey, MACHINE, readNumber } from './registry.ts';
import { expand, folderExists, readFile, runToFile } from './shell.ts';
import { askWmi } from './windows.ts';

const CONTROL = MACHINE + '\\SYSTEM\\CurrentControlSet\\Control\\';

export const readEnvironment = (): Facts['environment'] => ({
  join: readJoin(),
  networkSignOns: attempt(readNetworkSignOns),
  remoteSessions: attempt(readRemoteSessions),
  remoteDesktopDenied: readNumber(CONTROL + 'Terminal Server\\fDenyTSConnections'),
});

function attempt<T>(read: () => T): Reading<T> {
  try {
    return { state: 'present', value: read() };
  } catch (error) {
    return { state: 'unreadable', reason: describe(error) };
  }
}

/** Azure AD keeps a key for each join; `DomainRole` is 0 or 2 in a workgroup. */
function readJoin(): Facts['environment']['join'] {
  const system = askWmi('Win32_ComputerSystem', ['Domain', 'DomainRole'])[0];
  if (system === undefined) throw new Error('Win32_ComputerSystem is empty');
  const inDomain = !/^[02]$/.test(system['DomainRole'] as string);
  const inCloud = (listKey(CONTROL + 'CloudDomainJoin\\JoinInfo') || []).length > 0;
  return { state: joinState(inDomain, inCloud), name: system['Domain'] as string };
}

function joinState(inDomain: boolean, inCloud: boolean): JoinState {
  if (inDomain) return inCloud ? 'hybrid' : 'domain';
  return inCloud ? 'azureAd' : 'none';
}

/** Services that keep network profiles, a file each, in a folder for each network card. */
const SERVICES = ['dot3svc', 'Wlansvc'];

function readNetworkSignOns(): NetworkSignOn[] {
  const found: NetworkSignOn[] = [];
  for (const service of SERVICES) {
    for (const file of profilesOf(
      expand('%ProgramData%\\Microsoft\\' + service + '\\Profiles\\Interfaces'),
    )) {
      // Whatever its encoding is: the elements are ASCII.
      const profile = readFile(file).replace(/\0/g, '');
      if (!/<OneX[\s>]/.test(profile)) continue;
      const name = /<name>([^<]*)<\/name>/.exec(profile);
      const type = /<singleSignOn>[\s\S]*?<type>\s*(preLogon|postLogon)\s*<\/type>/.exec(profile);
      found.push({
        profile: name === null ? service : service + ' ' + name[1],
        type: type === null ? '' : (type[1] as 'preLogon' | 'postLogon'),
      });
    }
  }
  return found;
}

function profilesOf(folder: string): string[] {
  if (!folderExists(folder)) return [];
  const listed = runToFile('dir "' + folder + '"');
  if (listed.exitCode !== 0) throw new Error(folder + ': ' + listed.output);
  const files: string[] = [];
  // Where there is none, this is an error, and a sentence in the machine's language.
  for (const line of runToFile('dir /s /b "' + folder + '\\*.xml"').output.split(/\r?\n/)) {
    if (/^[a-z]:\\.*\.xml$/i.test(line)) files.push(line);
  }
  return files;
}

/** Only a session that somebody works in has a number: `rdp-tcp#0`. The rest of the line is in the machine's language. */
function readRemoteSessions(): string[] {
  const answer = runToFile('qwinsta');
  if (answer.exitCode !== 0) throw new Error('qwinsta ended with ' + answer.exitCode + ': ' + answer.output);
  const names: string[] = [];
  for (const line of answer.output.split(/\r?\n/)) {
    const name = /^[> ]([\w-]+#\d+)\s/.exec(line);
    if (name !== null) names.push(name[1] as string);
  }
  return names;
}
