import {
  CONNECTIONS_KEY,
  type ProxySettings,
  SETTINGS_VALUE,
  decodeProxySettings,
  encodeProxySettings,
} from '../proxy-settings.ts';
import { binary } from '../registry-value.ts';
import type { Tool, ToolCall } from './tool.ts';

const INTERNET_SETTINGS = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';

const SET_USAGE = `
Usage: set proxy [proxy-server=]<server name> [bypass-list=]<hosts list>

Parameters:

  Tag            Value
  proxy-server - proxy server for use for http and/or https protocol
  bypass-list  - a list of sites that should be visited bypassing the
                 proxy (use "<local>" to bypass all short name hosts)

Examples:

  set proxy myproxy
  set proxy myproxy:80 "<local>;bar"
  set proxy proxy-server="http=myproxy;https=sproxy:88" bypass-list="*.foo.com"
`;

/** netsh.exe, of which only `winhttp` is there: reads and writes the real WinHttpSettings. */
export const netsh: Tool = async (call) => {
  const { args, print } = call;
  const [context, verb, noun, ...rest] = args.map((arg) => arg.toLowerCase());
  const action = context === 'winhttp' && noun === 'proxy' ? ACTIONS.get(verb ?? '') : undefined;
  if (action) return action(call, rest.length > 0 ? args.slice(3) : []);
  print(`The following command was not found: ${args.join(' ')}.\n`);
  return 1;
};

const ACTIONS = new Map<string, (call: ToolCall, args: readonly string[]) => Promise<number>>([
  ['show', show],
  ['reset', (call) => write(call, { proxy: '', bypass: '' })],
  ['set', set],
  ['import', importSettings],
]);

async function show({ registry, print }: ToolCall): Promise<number> {
  const { proxy, bypass } = decodeProxySettings(
    (await registry.value(CONNECTIONS_KEY, SETTINGS_VALUE))?.data,
  );
  const shown =
    proxy === ''
      ? '    Direct access (no proxy server).\n'
      : `    Proxy Server(s) :  ${proxy}\n    Bypass List     :  ${bypass === '' ? '(none)' : bypass}\n`;
  print(`\nCurrent WinHTTP proxy settings:\n\n${shown}\n`);
  return 0;
}

async function write(call: ToolCall, settings: ProxySettings): Promise<number> {
  await call.registry.set(CONNECTIONS_KEY, SETTINGS_VALUE, binary(encodeProxySettings(settings)));
  return show(call);
}

function set(call: ToolCall, args: readonly string[]): Promise<number> {
  const settings = { proxy: '', bypass: '' };
  const positions = ['proxy', 'bypass'] as const;
  args.forEach((arg, i) => {
    const named = /^(proxy-server|bypass-list)=(.*)$/is.exec(arg);
    const name = named ? (named[1]?.toLowerCase() === 'proxy-server' ? 'proxy' : 'bypass') : positions[i];
    if (name) settings[name] = (named ? named[2] : arg) ?? '';
  });
  if (settings.proxy === '') {
    call.print(SET_USAGE);
    return Promise.resolve(1);
  }
  return write(call, settings);
}

/** Copies the current user's manual proxy; scripts are not copied, as in Windows (KB4494447). */
async function importSettings(call: ToolCall, args: readonly string[]): Promise<number> {
  if (!/^(source=)?ie$/i.test(args[0] ?? '')) {
    call.print('\nUsage: import proxy [source=]ie\n');
    return 1;
  }
  const enabled = (await call.registry.dword(INTERNET_SETTINGS, 'ProxyEnable')) === 1;
  const proxy = enabled ? ((await call.registry.string(INTERNET_SETTINGS, 'ProxyServer')) ?? '') : '';
  const bypass = enabled ? ((await call.registry.string(INTERNET_SETTINGS, 'ProxyOverride')) ?? '') : '';
  return write(call, { proxy, bypass });
}
