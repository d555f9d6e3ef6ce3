import { type CredentialProvider, type Product, type Reading, SSPR_CLSID } from '../../facts.ts';
import { listKey, MACHINE, readNumber, readText, textOrEmpty } from './registry.ts';
import { expand, fileExists } from './shell.ts';

const SOFTWARE = MACHINE + '\\SOFTWARE\\';
const PROVIDERS = SOFTWARE + 'Microsoft\\Windows\\CurrentVersion\\Authentication\\Credential Providers';
const UNINSTALL = 'Microsoft\\Windows\\CurrentVersion\\Uninstall';

export function readCredentialProviders(): CredentialProvider[] {
  const providers: CredentialProvider[] = [];
  for (const key of listKey(PROVIDERS) || []) {
    if (/^\{[0-9A-F-]{36}\}$/i.test(key)) providers.push(readProvider(key.toUpperCase()));
  }
  return providers;
}

function readProvider(clsid: string): CredentialProvider {
  const key = PROVIDERS + '\\' + clsid + '\\';
  const disabled = readNumber(key + 'Disabled');
  if (disabled.state === 'unreadable') throw new Error(key + 'Disabled: ' + disabled.reason);
  const dll = readText(SOFTWARE + 'Classes\\CLSID\\' + clsid + '\\InprocServer32\\');
  return {
    clsid: clsid,
    name: textOrEmpty(key),
    disabled: disabled.state === 'present' && disabled.value !== 0,
    dll: dll,
    dllExists: dllExists(dll),
  };
}

/** A name without a folder is looked for where Windows looks first. */
function dllExists(dll: Reading<string>): boolean | null {
  if (dll.state !== 'present' || dll.value === '') return null;
  const path = expand(dll.value.replace(/^"|"$/g, ''));
  return fileExists(path.indexOf('\\') < 0 ? expand('%SystemRoot%\\System32\\') + path : path);
}

export const readVerboseLogging = (): Reading<number> =>
  readNumber(PROVIDERS + '\\' + SSPR_CLSID + '\\EnableLogging');

export const readUserAccountControl = (): Reading<number> =>
  readNumber(SOFTWARE + 'Microsoft\\Windows\\CurrentVersion\\Policies\\System\\EnableLUA');

/** How an uninstall entry may speak of the add-in; its real name is not documented. */
const ADD_IN = /sspr|password ?reset|86D2F0AC-2171-46CF-9998-4E33B3D7FD4F/i;

export const readProducts = (): Product[] =>
  productsBelow(SOFTWARE + UNINSTALL, false).concat(
    productsBelow(SOFTWARE + 'Wow6432Node\\' + UNINSTALL, true),
  );

function productsBelow(folder: string, wow64: boolean): Product[] {
  const products: Product[] = [];
  for (const key of listKey(folder) || []) {
    const entry = folder + '\\' + key + '\\';
    const displayName = textOrEmpty(entry + 'DisplayName');
    if (!ADD_IN.test(displayName) && !ADD_IN.test(key)) continue;
    products.push({
      key: key,
      displayName: displayName,
      displayVersion: textOrEmpty(entry + 'DisplayVersion'),
      wow64: wow64,
    });
  }
  return products;
}
