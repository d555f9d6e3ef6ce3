import type { Facts } from '../../facts.ts';
import { MACHINE, readBinary, readNumber, readText } from './registry.ts';

const CLIENT =
  MACHINE + '\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client\\';
const SETTINGS = '\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';
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
  };
}

export function readProxy(): Facts['proxy'] {
  const machine = MACHINE + '\\SOFTWARE' + SETTINGS;
  const system = 'HKEY_USERS\\S-1-5-18\\Software' + SETTINGS;
  return {
    winHttpSettings: readBinary(machine + '\\Connections', 'WinHttpSettings'),
    systemProxyEnable: readNumber(system + '\\ProxyEnable'),
    systemProxyServer: readText(system + '\\ProxyServer'),
    systemAutoConfigUrl: readText(system + '\\AutoConfigURL'),
    perUserPolicy: readNumber(
      POLICIES + '\\Windows\\CurrentVersion\\Internet Settings\\ProxySettingsPerUser',
    ),
    machineProxyEnable: readNumber(machine + '\\ProxyEnable'),
    machineProxyServer: readText(machine + '\\ProxyServer'),
  };
}
