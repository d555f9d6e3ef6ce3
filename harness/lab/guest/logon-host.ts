import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'node:https';
import { describe } from '../../core/errors.ts';
import { LANGUAGES } from '../../core/languages.ts';
import type { LabState } from '../../config/lab-state.ts';
import type { DesktopHost, LogonFacts, ResetPage, SignIn } from '../desktop/contract.ts';
import { WINE_CSCRIPT } from './disk.ts';
import type { Guest } from './guest.ts';
import { INBOX_FILTER, PROFILES, SSPR_CLSID } from './profile.ts';
import { CONNECTIONS_KEY, SETTINGS_VALUE, decodeProxySettings, proxyAddress } from './proxy-settings.ts';

const AUTHENTICATION = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Authentication';
const PROVIDERS = `${AUTHENTICATION}\\Credential Providers`;
const FILTERS = `${AUTHENTICATION}\\Credential Provider Filters`;
const SYSTEM_POLICIES = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System';
const PROFILE_LIST = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList';
const EVENT_SOURCE = 'AADPasswordResetCredentialProvider';
/** The add-in's own event ids are not documented: these are the lab's. */
const EVENT_IDS = { opening: 1, opened: 2, unreachable: 3, verbose: 100 };
const HANDSHAKE_SECONDS = 15;
const SIGN_IN_MS = 10_000;

/** Class ids, in upper case, of the credential providers that are part of any of the three Windows. */
const INBOX = new Set(
  Object.values(PROFILES).flatMap((profile) =>
    profile.credentialProviders.map(({ clsid }) => clsid.toUpperCase()),
  ),
);

/** What the logon screen shows and does, decided by the state of the guest behind it. */
export function logonHost(guest: Guest, lab: () => LabState | undefined): DesktopHost {
  return {
    theme: guest.profile.theme,
    language: () => guest.language,
    logonFacts: () => readLogonFacts(guest),
    openResetPage: (account) => openResetPage(guest, lab(), account),
    signIn: (account, password) => signIn(guest, lab(), account, password),
    power: (action) => void guest.scheduleShutdown(action, 0),
  };
}

async function readLogonFacts(guest: Guest): Promise<LogonFacts> {
  const enabled = await readEnabled(guest, PROVIDERS);
  return {
    users: await readUsers(guest),
    resetLink:
      enabled.includes(SSPR_CLSID) && (await isLoadable(guest, SSPR_CLSID)) && !(await isFilteredOut(guest)),
    // The add-in is Microsoft's own, and so no third party's.
    thirdPartyProviders: enabled.filter((clsid) => !INBOX.has(clsid) && clsid !== SSPR_CLSID).length,
  };
}

async function readUsers({ registry, disk }: Guest): Promise<LogonFacts['users']> {
  const users: { account: string; displayName: string; rid: number }[] = [];
  for (const sid of await registry.subkeys(PROFILE_LIST)) {
    // Wine's own entry for the account of WinRM has another machine's SID, and so no tile.
    const rid = sid.startsWith(`${disk.identity.machineSid}-`) ? sid.split('-').at(-1) : undefined;
    const folder = await registry.string(`${PROFILE_LIST}\\${sid}`, 'ProfileImagePath');
    const account = folder?.split('\\').at(-1);
    if (rid === undefined || account === undefined) continue;
    const displayName = (await registry.string(`${PROFILE_LIST}\\${sid}`, 'LabFullName')) ?? account;
    users.push({ account, displayName, rid: Number(rid) });
  }
  // People first, in the order in which they came; then the built-in accounts (below 1000).
  const rank = ({ rid }: { rid: number }): number => (rid >= 1000 ? rid : rid + 2 ** 32);
  return users
    .sort((a, b) => rank(a) - rank(b))
    .map(({ account, displayName }) => ({ account, displayName }));
}

/** Class ids, in upper case, of what is registered below a key and not disabled. */
async function readEnabled({ registry }: Guest, key: string): Promise<string[]> {
  const enabled: string[] = [];
  for (const clsid of await registry.subkeys(key)) {
    if ((await registry.dword(`${key}\\${clsid}`, 'Disabled')) !== 1) enabled.push(clsid.toUpperCase());
  }
  return enabled;
}

/** Whether the DLL of the class is there, and is one that serves it: then it has the class id in it. */
async function isLoadable(guest: Guest, clsid: string): Promise<boolean> {
  const dll = await readServer(guest, clsid);
  return dll?.includes(classIdBytes(clsid)) ?? false;
}

/**
 * A filter is asked about every provider, and those of other makers let their own through only. Windows' own filters hide
 * nothing; of the others, one that is registered and there hides the add-in.
 */
async function isFilteredOut(guest: Guest): Promise<boolean> {
  for (const clsid of await readEnabled(guest, FILTERS)) {
    if (clsid !== INBOX_FILTER.clsid && (await readServer(guest, clsid))) return true;
  }
  return false;
}

/** The file that a COM class names as its server; undefined when it is not there. */
async function readServer({ registry, disk }: Guest, clsid: string): Promise<Buffer | undefined> {
  const dll = await registry.string(`HKCR\\CLSID\\${clsid}\\InprocServer32`, '');
  if (dll === undefined || dll === '') return undefined;
  const file = disk.path(expand(dll));
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file) : undefined;
}

/** A class id as it stands in memory, and so in files: the first three parts are numbers, little endian. */
function classIdBytes(clsid: string): Buffer {
  const parts = clsid.replace(/[{}]/g, '').split('-');
  return Buffer.concat(
    parts.map((part, i) => (i < 3 ? Buffer.from(part, 'hex').reverse() : Buffer.from(part, 'hex'))),
  );
}

const FOLDERS: Readonly<Record<string, string>> = {
  systemroot: 'C:\\windows',
  windir: 'C:\\windows',
  programfiles: 'C:\\Program Files',
  systemdrive: 'C:',
};

/** A path with the machine's variables put in; a bare file name is in system32, where Windows looks first. */
function expand(path: string): string {
  const full = path.replace(/%(\w+)%/g, (whole, name: string) => FOLDERS[name.toLowerCase()] ?? whole);
  return full.includes('\\') ? full : `C:\\windows\\system32\\${full}`;
}

/** The add-in's work after the click: can this machine, as it is set up, reach the portal? */
async function openResetPage(guest: Guest, lab: LabState | undefined, account: string): Promise<ResetPage> {
  const portal = lab?.portal.host ?? 'passwordreset.microsoftonline.com';
  const clientType = guest.profile.clientType;
  const url = `https://${portal}/n/passwordreset?mkt=${LANGUAGES[guest.language].culture}&clienttype=${clientType}`;
  const proxy = proxyAddress(
    decodeProxySettings((await guest.registry.value(CONNECTIONS_KEY, SETTINGS_VALUE))?.data),
  );
  // The document speaks of the add-in's events only together with this switch.
  const logs = (await guest.registry.dword(`${PROVIDERS}\\${SSPR_CLSID}`, 'EnableLogging')) === 1;
  const write = (
    id: number,
    text: string,
    level: 'Information' | 'Error' | 'Verbose' = 'Information',
  ): void => {
    if (!logs) return;
    guest.events.write({
      log: 'Application',
      source: EVENT_SOURCE,
      id,
      level,
      message: `${text} (LAB STAND-IN: ids and texts of this source are the lab's own.)`,
    });
  };
  const fail = (reason: string, closes = false): ResetPage => {
    write(EVENT_IDS.unreachable, `The password reset page could not be opened: ${reason}.`, 'Error');
    return { reachable: false, reason, closes };
  };

  write(EVENT_IDS.opening, `Opening the password reset page for user ${account}.`);
  if ((await guest.registry.dword(SYSTEM_POLICIES, 'EnableLUA')) === 0)
    return fail('user account control is off', true);
  const profile = preLogonProfile(guest);
  if (profile !== undefined) return fail(`802.1X signs in with the user only (${profile})`);
  const route = proxy ? `WinHTTP proxy ${proxy.host}:${proxy.port}` : 'direct access (no proxy server)';
  write(EVENT_IDS.verbose, `Verbose: ClientType ${clientType}; ${route}; page ${url}.`, 'Verbose');
  const answer = await connect(guest, `https://${portal}/`);
  write(EVENT_IDS.verbose, `Verbose: connection to ${portal}:443: ${answer.text}.`, 'Verbose');
  if (!answer.ok) return fail(answer.text);
  if (!proxy) return fail('the portal answered without the proxy, where this lab has none');
  write(EVENT_IDS.opened, `The password reset page was opened for user ${account}.`);
  return { reachable: true, url, proxy };
}

/** Where Windows keeps the profiles of 802.1X: a folder for each network card. */
const NETWORK_PROFILES = ['dot3svc', 'Wlansvc'].map(
  (service) => `C:\\ProgramData\\Microsoft\\${service}\\Profiles\\Interfaces`,
);

/**
 * The first profile that signs in to the network just before the user does, with his password: until then there is no
 * network at the logon screen. What else the machine does, WinRM among it, does not go through the lab's network card.
 */
function preLogonProfile({ disk }: Guest): string | undefined {
  return NETWORK_PROFILES.map((folder) => disk.path(folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.xml$/i.test(entry.name))
        .filter((entry) => isPreLogon(readFileSync(join(entry.parentPath, entry.name))))
        .map(({ name }) => name),
    )[0];
}

/** Profiles are UTF-8 or UTF-16. Source: OneX schema, element `singleSignOn`, `type`. */
const isPreLogon = (profile: Buffer): boolean =>
  /<type>\s*preLogon\s*<\/type>/i.test(profile.toString('latin1').replaceAll('\0', ''));

/** Asynchronous, because WinHttpRequest's own time limits do nothing in Wine. The last line proves that it ran. */
const CONNECT_SCRIPT = `
var http = new ActiveXObject("WinHttp.WinHttpRequest.5.1"), result;
try {
  http.Open("HEAD", WScript.Arguments.Item(0), true);
  http.Send();
  if (http.WaitForResponse(${HANDSHAKE_SECONDS})) result = "status " + http.Status;
  else { http.Abort(); result = "no answer"; }
} catch (error) {
  result = "error 0x" + (error.number + 4294967296).toString(16);
}
WScript.Echo(result);
WScript.Quit(0);
`;

/** The guest's own handshake, through its own Schannel and its own proxy settings. */
async function connect(guest: Guest, url: string): Promise<{ ok: boolean; text: string }> {
  const script = 'C:\\lab\\bin\\open-reset-page.js';
  writeFileSync(guest.disk.path(script), CONNECT_SCRIPT);
  const { stdout } = await guest.run(`${WINE_CSCRIPT} //nologo ${script} ${url}`);
  const text = stdout.trim();
  return { ok: text.startsWith('status '), text: text === '' ? 'the connection could not be tried' : text };
}

/** A domain controller's answer: with password writeback it knows the tenant's passwords. */
async function signIn(
  guest: Guest,
  lab: LabState | undefined,
  account: string,
  password: string,
): Promise<SignIn> {
  if (!lab) return 'unavailable';
  const user = lab.users.find(
    (one) => one.machine === guest.options.name && one.account.toLowerCase() === account.toLowerCase(),
  );
  const result = user ? await askTenant(lab, user.upn, password).catch(unavailable) : 'refused';
  if (result !== 'unavailable') {
    guest.events.write({
      log: 'Security',
      source: 'Microsoft-Windows-Security-Auditing',
      id: result === 'accepted' ? 4624 : 4625,
      message:
        (result === 'accepted' ? 'An account was successfully logged on.' : 'An account failed to log on.') +
        `\nLogon Type: 2\nAccount Name: ${account}`,
    });
  }
  return result;

  function unavailable(error: unknown): SignIn {
    guest.log(`sign-in of ${account}: ${describe(error)}`);
    return 'unavailable';
  }
}

function askTenant(lab: LabState, username: string, password: string): Promise<SignIn> {
  const form = new URLSearchParams({
    grant_type: 'password',
    client_id: 'lab-domain-controller',
    scope: 'openid',
    username,
    password,
  }).toString();
  return new Promise((resolve, reject) => {
    const post = request(
      `${lab.authority}/${lab.tenantId}/oauth2/v2.0/token`,
      {
        method: 'POST',
        ca: readFileSync(lab.caFile),
        timeout: SIGN_IN_MS,
        headers: {
          'Content-Type': 'application/x-www-form-urlencoded',
          'Content-Length': Buffer.byteLength(form),
        },
      },
      (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        if (status === 200) resolve('accepted');
        else if (status === 400 || status === 401) resolve('refused');
        else reject(new Error(`the tenant answered with status ${status}`));
      },
    );
    post.on('timeout', () => post.destroy(new Error('the tenant did not answer')));
    post.on('error', reject);
    post.end(form);
  });
}
