import type { Facts } from '../../facts.ts';
import { MACHINE, readBinary, readNumber, readText } from './registry.ts';

const CLIENT =
  MACHINE + '\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client\\';
const SETTINGS = '\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';
const SYSTEM = 'HKEY_USERS\\S-1-5-18\\Software' + SETTINGS;
const POLICIES = MACHINE + '\\SOFTWARE\\Policies\\Microsoft';

export function readTls(): Facts['tls'] {
  return {
    enabled: readNumber(CLIENT + 'Enabled'),
    disabledByDefault: readNumber(CLIENT + 'DisabledByDefault'),
    winHttpProtocols: readNumber(MACHINE + '\\SOFTWARE' + SETTINGS + '\\WinHttp\\DefaultSecureProtocols'),
    winHttpProtocolsWow64: readNumber(
      MACHINE + '\\SOFTWARE\\Wow6432Node' + SETTINGS + '\\WinHttp\\DefaultSecureProtocols',
    ),
    cipherSuiteOrder: readText(POLICIES + '\\Cryptography\\Configuration\\SSL\\00010002\\Functions'),
    systemSecureProtocols: readNumber(SYSTEM + '\\SecureProtocols'),
    machineSecureProtocols: readNumber(MACHINE + '\\SOFTWARE' + SETTINGS + '\\SecureProtocols'),
    policySecureProtocols: readNumber(
      POLICIES + '\\Windows\\CurrentVersion\\Internet Settings\\SecureProtocols',
    ),
  };
}

export function readProxy(): Facts['proxy'] {
  const machine = MACHINE + '\\SOFTWARE' + SETTINGS;
  return {
    winHttpSettings: readBinary(machine + '\\Connections', 'WinHttpSettings'),
    systemProxyEnable: readNumber(SYSTEM + '\\ProxyEnable'),
    systemProxyServer: readText(SYSTEM + '\\ProxyServer'),
    systemProxyOverride: readText(SYSTEM + '\\ProxyOverride'),
    systemAutoConfigUrl: readText(SYSTEM + '\\AutoConfigURL'),
    systemConnectionSettings: readBinary(SYSTEM + '\\Connections', 'DefaultConnectionSettings'),
    perUserPolicy: readNumber(
      POLICIES + '\\Windows\\CurrentVersion\\Internet Settings\\ProxySettingsPerUser',
    ),
    machineProxyEnable: readNumber(machine + '\\ProxyEnable'),
    machineProxyServer: readText(machine + '\\ProxyServer'),
    machineProxyOverride: readText(machine + '\\ProxyOverride'),
    machineAutoConfigUrl: readText(machine + '\\AutoConfigURL'),
  };
}

export const readHandshakes = (): Facts['handshakes'] => ({
  logged: { state: 'off', reason: 'not read' },
  seen: [],
});
