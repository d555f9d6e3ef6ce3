import { type CredentialProvider, type Product, type Reading, SSPR_CLSID } from '../../facts.ts';
import { describe, errorNumber, NO_RESOURCE } from './errors.ts';
import { contains, listKey, MACHINE, readNumber, readText, textOrEmpty } from './registry.ts';
import { expand, fileExists, fileVersion } from './shell.ts';

const SOFTWARE = MACHINE + '\\SOFTWARE\\';
const AUTHENTICATION = SOFTWARE + 'Microsoft\\Windows\\CurrentVersion\\Authentication\\';
const PROVIDERS = AUTHENTICATION + 'Credential Providers';
const UNINSTALL = 'Microsoft\\Windows\\CurrentVersion\\Uninstall';

export const readCredentialProviders = (): CredentialProvider[] => providersBelow(PROVIDERS);

export const readProviderFilters = (): CredentialProvider[] =>
  providersBelow(AUTHENTICATION + 'Credential Provider Filters');

function providersBelow(folder: string): CredentialProvider[] {
  const providers: CredentialProvider[] = [];
  for (const key of listKey(folder) || []) {
    if (/^\{[0-9A-F-]{36}\}$/i.test(key)) providers.push(readProvider(folder, key.toUpperCase()));
  }
  return providers;
}

function readProvider(folder: string, clsid: string): CredentialProvider {
  const key = folder + '\\' + clsid + '\\';
  const disabled = readNumber(key + 'Disabled');
  if (disabled.state === 'unreadable') throw new Error(key + 'Disabled: ' + disabled.reason);
  const dll = readText(SOFTWARE + 'Classes\\CLSID\\' + clsid + '\\InprocServer32\\');
  const path = dll.state === 'present' && dll.value !== '' ? fullPath(dll.value) : undefined;
  const exists = path === undefined ? null : fileExists(path);
  return {
    clsid: clsid,
    name: textOrEmpty(key),
    disabled: disabled.state === 'present' && disabled.value !== 0,
    dll: dll,
    dllExists: exists,
    dllVersion: path !== undefined && exists ? readFileVersion(path) : { state: 'absent' },
  };
}

/** A name without a folder is looked for where Windows looks first. */
function fullPath(file: string): string {
  const path = expand(file.replace(/^"|"$/g, ''));
  return path.indexOf('\\') < 0 ? expand('%SystemRoot%\\System32\\') + path : path;
}

function readFileVersion(path: string): Reading<string> {
  try {
    const version = fileVersion(path);
    return version === '' ? { state: 'absent' } : { state: 'present', value: version };
  } catch (error) {
    if (contains(NO_RESOURCE, errorNumber(error))) return { state: 'absent' };
    return { state: 'unreadable', reason: describe(error) };
  }
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
      publisher: textOrEmpty(entry + 'Publisher'),
      wow64: wow64,
    });
  }
  return products;
}
