import type { Deadline } from '../../core/deadline.ts';
import type { Channel } from '../channel.ts';
import {
  type CredentialProvider,
  type Facts,
  type Product,
  type Reading,
  type ScriptHost,
  SSPR_CLSID,
} from '../facts.ts';
import { parseWmiTime } from '../winrm/reboot.ts';
import { EMPTY, type Part } from './answer.ts';
import type { FileKey, FileValue } from './reg-file.ts';
import { oneLine, RemoteRegistry, type Run, sameName, Unreadable } from './remote-registry.ts';

/*
 * The facts of a machine that runs no scripts, with nothing but reg.exe, certutil, wmic and cmd.exe. The same facts
 * as the probe's (src/), from the same places; but a round trip each, and no connections.
 */

/** What the readers of the parts work with. */
interface Machine {
  readonly run: Run;
  readonly registry: RemoteRegistry;
  readonly environment: ReadonlyMap<string, string>;
  readonly architecture: Facts['os']['architecture'];
}

/** The variable that is there in a 32-bit process on 64-bit Windows only. */
const WOW64 = 'PROCESSOR_ARCHITEW6432';

/** How the variables begin that are of use here: of the others, some may be secret. */
const ENVIRONMENT = ['COMPUTERNAME', 'PROCESSOR_ARCHITE', 'System', 'windir', 'Program', 'CommonProgram'];

/** What a 32-bit shell calls by another name than the 64-bit programs that load the files. */
const NATIVE_NAMES = { PROGRAMFILES: 'PROGRAMW6432', COMMONPROGRAMFILES: 'COMMONPROGRAMW6432' };

const SOFTWARE = 'HKEY_LOCAL_MACHINE\\SOFTWARE';
const CONTROL = 'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control';
const WINDOWS = `${SOFTWARE}\\Microsoft\\Windows\\CurrentVersion`;
const SERVICING = `${WINDOWS}\\Component Based Servicing`;
const AUTHENTICATION = `${WINDOWS}\\Authentication`;
const PROVIDERS = `${AUTHENTICATION}\\Credential Providers`;
const SETTINGS = 'Microsoft\\Windows\\CurrentVersion\\Internet Settings';

const SYSTEM = `HKEY_USERS\\S-1-5-18\\Software\\${SETTINGS}`;

const READERS: {
  readonly [P in Exclude<Part, 'connections' | 'handshakes'>]: (machine: Machine) => Promise<Facts[P]>;
} = {
  os: readOs,
  clock: readClock,
  tls: readTls,
  proxy: readProxy,
  packages: readPackages,
  rebootPending: readRebootPending,
  credentialProviders: (machine) => readProviders(machine, PROVIDERS),
  products: readProducts,
  verboseLogging: ({ registry }) => registry.number(`${PROVIDERS}\\${SSPR_CLSID}`, 'EnableLogging'),
  userAccountControl: ({ registry }) => registry.number(`${WINDOWS}\\Policies\\System`, 'EnableLUA'),
  environment: readEnvironment,
  providerFilters: (machine) => readProviders(machine, `${AUTHENTICATION}\\Credential Provider Filters`),
  hotFixes: readHotFixes,
};

/**
 * Reads the facts of a machine without a script. What only a script can find out, connections to `urls`, is named in
 * `failures`, and so is every part that could not be read.
 * @param scriptHost why no script runs
 */
export async function readFactsWithoutScripts(
  channel: Channel,
  scriptHost: ScriptHost,
  urls: readonly unknown[],
  deadline: Deadline,
): Promise<Facts> {
  const run: Run = (line) => channel.exec({ line }, deadline);
  const machine = await meet(run);
  const facts: Record<string, unknown> = { ...EMPTY };
  const failures: Record<string, string> = {};
  for (const [part, read] of Object.entries(READERS)) {
    try {
      facts[part] = await read(machine);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      failures[part] = error.message;
    }
  }
  if (urls.length > 0) {
    failures.connections = `The machine makes no connections for us without Windows Script Host, which is ${scriptHost.state}`;
  }
  return { ...(facts as unknown as Facts), schema: 1, scriptHost, failures };
}

/** The machine's registry in its native view, also where the shell is a 32-bit one. */
export async function openRegistry(run: Run): Promise<RemoteRegistry> {
  return (await meet(run)).registry;
}

async function meet(run: Run): Promise<Machine> {
  const { stdout } = await run(ENVIRONMENT.map((start) => `set ${start}`).join('& '));
  const environment = new Map(
    stdout.split(/\r?\n/).map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name.toUpperCase(), value.join('=')] as const;
    }),
  );
  for (const [name, native] of Object.entries(NATIVE_NAMES)) {
    const folder = environment.has(WOW64) ? environment.get(native) : undefined;
    if (folder !== undefined) environment.set(name, folder);
  }
  const names = ['PROCESSOR_ARCHITECTURE', WOW64].map((name) => environment.get(name) ?? '');
  const architecture = names.some((name) => sameName(name, 'AMD64')) ? 'x64' : 'x86';
  const registry = new RemoteRegistry(run, architecture === 'x64' ? ' /reg:64' : '');
  return { run, registry, environment, architecture };
}

async function readOs({ registry, environment, architecture }: Machine): Promise<Facts['os']> {
  const computerName = environment.get('COMPUTERNAME');
  if (computerName === undefined) throw new Unreadable('cmd.exe does not tell its environment');
  const key = `${SOFTWARE}\\Microsoft\\Windows NT\\CurrentVersion`;
  const build = await demandText(registry, key, 'CurrentBuild');
  return {
    version: `${await demandText(registry, key, 'CurrentVersion')}.${build}`,
    build: parseInt(build, 10),
    productName: await demandText(registry, key, 'ProductName'),
    servicePack: await textOrEmpty(registry, key, 'CSDVersion'),
    architecture,
    computerName,
    locale: await demandText(registry, `${CONTROL}\\Nls\\Language`, 'InstallLanguage'),
  };
}

async function textOrEmpty(registry: RemoteRegistry, key: string, name: string): Promise<string> {
  const reading = await registry.text(key, name);
  if (reading.state === 'unreadable') throw new Unreadable(`${key}\\${name}: ${reading.reason}`);
  return reading.state === 'present' ? reading.value : '';
}

async function demandText(registry: RemoteRegistry, key: string, name: string): Promise<string> {
  const text = await textOrEmpty(registry, key, name);
  if (text === '') throw new Unreadable(`${key}\\${name} is absent`);
  return text;
}

/** What neither reg.exe nor cmd.exe tells. */
const ONLY_BY_SCRIPT = { state: 'unreadable', reason: 'only a script can read it' } as const;

async function readEnvironment(machine: Machine): Promise<Facts['environment']> {
  const { registry } = machine;
  return {
    join: await readJoin(machine),
    networkSignOns: (await hasNetworkProfiles(machine)) ? ONLY_BY_SCRIPT : { state: 'present', value: [] },
    remoteSessions: await readRemoteSessions(machine),
    remoteDesktopDenied: await registry.number(`${CONTROL}\\Terminal Server`, 'fDenyTSConnections'),
  };
}

/** Azure AD keeps a key for each join; `DomainRole` is 0 or 2 in a workgroup. */
async function readJoin({ run, registry }: Machine): Promise<Facts['environment']['join']> {
  const ask = (property: string) => askWmi(run, 'computersystem', property);
  const [role, name] = [await ask('DomainRole'), await ask('Domain')].map((answers) => answers[0]);
  if (role === undefined || name === undefined) throw new Unreadable('wmic does not tell the domain');
  const inDomain = !/^[02]$/.test(role);
  const inCloud = ((await registry.key(`${CONTROL}\\CloudDomainJoin\\JoinInfo`))?.subkeys ?? []).length > 0;
  const state = inDomain ? (inCloud ? 'hybrid' : 'domain') : inCloud ? 'azureAd' : 'none';
  return { state, name };
}

async function hasNetworkProfiles({ run }: Machine): Promise<boolean> {
  for (const service of ['dot3svc', 'Wlansvc']) {
    const folder = `%ProgramData%\\Microsoft\\${service}\\Profiles\\Interfaces`;
    const { stdout } = await run(`if exist "${folder}" (echo SSPR-YES) else echo SSPR-NO`);
    if (!stdout.includes('SSPR-NO')) return true;
  }
  return false;
}

/** Only a session that somebody works in has a number: `rdp-tcp#0`. The rest of the line is in the machine's language. */
async function readRemoteSessions({ run }: Machine): Promise<Reading<readonly string[]>> {
  const { exitCode, stdout, stderr } = await run('qwinsta');
  if (exitCode !== 0)
    return { state: 'unreadable', reason: `qwinsta ended with ${exitCode}: ${oneLine(stderr + stdout)}` };
  const found = stdout.matchAll(/^[> ]([\w-]+#\d+)\s/gm);
  return { state: 'present', value: [...found].map(([, name = '']) => name) };
}

async function readHotFixes({ run }: Machine): Promise<string[]> {
  const found = (await askWmi(run, 'qfe', 'HotFixID')).map((id) => id.toUpperCase());
  return [...new Set(found.filter((id) => /^KB\d+$/.test(id)))];
}

/**
 * A property of every instance, by wmic: `Name=value` on lines of their own. Wine's writes a heading and the values.
 * @throws Unreadable
 */
async function askWmi(run: Run, alias: string, property: string): Promise<string[]> {
  const { exitCode, stdout, stderr } = await run(`wmic ${alias} get ${property} /value`);
  // wmic writes UTF-16.
  const text = stdout.replaceAll('\0', '');
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const values = lines.filter((line) => line.startsWith(`${property}=`));
  if (values.length > 0) return values.map((line) => line.slice(property.length + 1));
  const heading = lines.findIndex((line) => line.endsWith(property));
  if (exitCode === 0 && heading >= 0) return lines.slice(heading + 1).filter((line) => line !== '');
  throw new Unreadable(`wmic does not tell ${property}: ${oneLine(text + stderr)}`);
}

async function readClock({ run }: Machine): Promise<Facts['clock']> {
  const time = async (name: string): Promise<string> => {
    const { stdout, stderr } = await run(`wmic os get ${name} /value`);
    // wmic writes UTF-16. Wine's leaves a digit out of the local time's offset, which has three.
    const text = stdout.replaceAll('\0', '').replace(/[+-](?=\d\d(?!\d))/, '$&0');
    const found = parseWmiTime(text);
    if (found !== undefined) return found;
    throw new Unreadable(`wmic does not tell ${name}: ${oneLine(text + stderr)}`);
  };
  return { now: await time('LocalDateTime'), bootedAt: await time('LastBootUpTime') };
}

async function readTls({ registry }: Machine): Promise<Facts['tls']> {
  const client = `${CONTROL}\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client`;
  return {
    enabled: await registry.number(client, 'Enabled'),
    disabledByDefault: await registry.number(client, 'DisabledByDefault'),
    winHttpProtocols: await registry.number(`${SOFTWARE}\\${SETTINGS}\\WinHttp`, 'DefaultSecureProtocols'),
    // There is no such key on 32-bit Windows, and so no such value.
    winHttpProtocolsWow64: await registry.number(
      `${SOFTWARE}\\Wow6432Node\\${SETTINGS}\\WinHttp`,
      'DefaultSecureProtocols',
    ),
    cipherSuiteOrder: await registry.text(
      `${SOFTWARE}\\Policies\\Microsoft\\Cryptography\\Configuration\\SSL\\00010002`,
      'Functions',
    ),
    systemSecureProtocols: await registry.number(SYSTEM, 'SecureProtocols'),
    machineSecureProtocols: await registry.number(`${SOFTWARE}\\${SETTINGS}`, 'SecureProtocols'),
    policySecureProtocols: await registry.number(`${SOFTWARE}\\Policies\\${SETTINGS}`, 'SecureProtocols'),
  };
}

async function readProxy({ registry }: Machine): Promise<Facts['proxy']> {
  const machine = `${SOFTWARE}\\${SETTINGS}`;
  return {
    winHttpSettings: await registry.binary(`${machine}\\Connections`, 'WinHttpSettings'),
    systemProxyEnable: await registry.number(SYSTEM, 'ProxyEnable'),
    systemProxyServer: await registry.text(SYSTEM, 'ProxyServer'),
    systemProxyOverride: await registry.text(SYSTEM, 'ProxyOverride'),
    systemAutoConfigUrl: await registry.text(SYSTEM, 'AutoConfigURL'),
    systemConnectionSettings: await registry.binary(`${SYSTEM}\\Connections`, 'DefaultConnectionSettings'),
    perUserPolicy: await registry.number(`${SOFTWARE}\\Policies\\${SETTINGS}`, 'ProxySettingsPerUser'),
    machineProxyEnable: await registry.number(machine, 'ProxyEnable'),
    machineProxyServer: await registry.text(machine, 'ProxyServer'),
    machineProxyOverride: await registry.text(machine, 'ProxyOverride'),
    machineAutoConfigUrl: await registry.text(machine, 'AutoConfigURL'),
  };
}

/** One entry for each KB number and state: an update consists of many packages. */
async function readPackages({ registry }: Machine): Promise<Facts['packages']> {
  const packages = new Map<string, Facts['packages'][number]>();
  const folder = `${SERVICING}\\Packages`;
  for (const { path, values } of await registry.search(folder, 'CurrentState')) {
    const name = path.slice(folder.length + 1);
    const kb = /KB\d+/i.exec(name)?.[0].toUpperCase();
    if (kb === undefined || name.includes('\\')) continue;
    for (const { data } of values) {
      const state = parseInt(data, 16);
      if (!/^0x[0-9a-f]+$/i.test(data)) throw new Unreadable(`${name}: not a number: ${data}`);
      const id = `${kb}:${state}`;
      if (!packages.has(id)) packages.set(id, { kb, name, state });
    }
  }
  return [...packages.values()];
}

/** Keys whose being there says that a restart is pending. Source: facts 3.2. */
const MARKS: readonly { readonly key: string; readonly names: readonly string[] }[] = [
  { key: SERVICING, names: ['RebootPending', 'RebootInProgress', 'PackagesPending'] },
  { key: `${WINDOWS}\\WindowsUpdate\\Auto Update`, names: ['RebootRequired', 'PostRebootReporting'] },
];
const PENDING_RENAMES = 'PendingFileRenameOperations';

async function readRebootPending({ registry }: Machine): Promise<string[]> {
  const found: string[] = [];
  for (const { key, names } of MARKS) {
    const subkeys = (await registry.key(key))?.subkeys ?? [];
    found.push(...names.filter((name) => subkeys.some((subkey) => sameName(subkey, name))));
  }
  const renames = await registry.value(`${CONTROL}\\Session Manager`, PENDING_RENAMES);
  return renames === undefined ? found : [...found, PENDING_RENAMES];
}

const CLASSES = `${SOFTWARE}\\Classes\\CLSID`;

async function readProviders(machine: Machine, folder: string): Promise<CredentialProvider[]> {
  const { registry } = machine;
  const listed = (await registry.key(folder))?.subkeys ?? [];
  const names = listed.filter((name) => /^\{[0-9A-F-]{36}\}$/i.test(name));
  if (names.length === 0) return [];
  const trees = await registry.trees([folder, ...names.map((name) => `${CLASSES}\\${name}`)]);
  const providers: CredentialProvider[] = [];
  for (const name of names) providers.push(await readProvider(machine, trees, `${folder}\\${name}`));
  return providers;
}

async function readProvider(
  machine: Machine,
  trees: ReadonlyMap<string, FileKey>,
  key: string,
): Promise<CredentialProvider> {
  const name = key.slice(key.lastIndexOf('\\') + 1);
  const clsid = name.toUpperCase();
  const values = await machine.registry.demand(trees, key);
  const server = await machine.registry.demand(trees, `${CLASSES}\\${name}\\InprocServer32`);
  const file = textOf(server?.get(''), `the file of ${clsid}`, machine);
  const disabled = values?.get('disabled') ?? { type: 'number', value: 0 };
  if (disabled.type !== 'number') throw new Unreadable(`Disabled of ${clsid}: not a number`);
  const dllExists = file === undefined || file === '' ? null : await fileExists(machine, file);
  return {
    clsid,
    name: textOf(values?.get(''), `the name of ${clsid}`, machine) ?? '',
    disabled: disabled.value !== 0,
    dll: file === undefined ? { state: 'absent' } : { state: 'present', value: file },
    dllExists,
    dllVersion: dllExists === true ? ONLY_BY_SCRIPT : { state: 'absent' },
  };
}

function textOf(value: FileValue | undefined, what: string, machine: Machine): string | undefined {
  if (value === undefined) return undefined;
  if (value.type !== 'text') throw new Unreadable(`${what}: not a text`);
  return value.expandable ? expand(value.value, machine) : value.value;
}

/** The text with `%NAME%` replaced; an unknown name stays as it is. */
const expand = (text: string, { environment }: Machine): string =>
  text.replace(/%([^%]+)%/g, (all, name: string) => environment.get(name.toUpperCase()) ?? all);

/** A name without a folder is looked for where Windows looks first. */
async function fileExists(machine: Machine, file: string): Promise<boolean> {
  const bare = expand(file.replace(/^"|"$/g, ''), machine);
  const full = bare.includes('\\') ? bare : `${expand('%SystemRoot%\\System32', machine)}\\${bare}`;
  // Windows shows a 32-bit shell another folder as System32.
  const path = machine.environment.has(WOW64) ? full.replace(/\\system32\\/i, '\\Sysnative\\') : full;
  // cmd.exe would read these as something else.
  if (/["%\r\n]/.test(path)) throw new Unreadable(`cmd.exe cannot be asked for the file ${path}`);
  const { stdout } = await machine.run(`if exist "${path}" (echo SSPR-YES) else echo SSPR-NO`);
  if (stdout.includes('SSPR-YES')) return true;
  if (stdout.includes('SSPR-NO')) return false;
  throw new Unreadable(`cmd.exe does not say whether there is a file ${path}`);
}

/** How an uninstall entry may speak of the add-in; its real name is not documented. */
const ADD_IN = /sspr|password ?reset|86D2F0AC-2171-46CF-9998-4E33B3D7FD4F/i;

async function readProducts(machine: Machine): Promise<Product[]> {
  const folder = 'Microsoft\\Windows\\CurrentVersion\\Uninstall';
  return [
    ...(await productsBelow(machine, `${SOFTWARE}\\${folder}`, false)),
    ...(await productsBelow(machine, `${SOFTWARE}\\Wow6432Node\\${folder}`, true)),
  ];
}

async function productsBelow(machine: Machine, folder: string, wow64: boolean): Promise<Product[]> {
  const { registry } = machine;
  const named = await registry.search(folder, 'DisplayName');
  const speaking = named
    .filter(({ values }) => values.some(({ data }) => ADD_IN.test(data)))
    .map(({ path }) => path.slice(folder.length + 1));
  const keys = ((await registry.key(folder))?.subkeys ?? []).filter(
    (key) => ADD_IN.test(key) || speaking.some((name) => sameName(name, key)),
  );
  const trees = await registry.trees(keys.map((key) => `${folder}\\${key}`));
  const products: Product[] = [];
  for (const key of keys) {
    const values = await registry.demand(trees, `${folder}\\${key}`);
    products.push({
      key,
      displayName: textOf(values?.get('displayname'), key, machine) ?? '',
      displayVersion: textOf(values?.get('displayversion'), key, machine) ?? '',
      publisher: textOf(values?.get('publisher'), key, machine) ?? '',
      wow64,
    });
  }
  return products;
}
