import { expect } from '@playwright/test';
import { missingPackages, readPackageList } from './debian.mjs';

describe('the list of Debian packages', () => {
  it('names every package once, without its reason', () => {
    const all = [
      ...readPackageList('test'),
      ...readPackageList('vm').filter((name) => !readPackageList().includes(name)),
    ];
    expect(new Set(all).size).toBe(all.length);
    for (const name of all) expect(name).toMatch(/^[a-z0-9][a-z0-9+.-]+$/);
  });

  it('asks for the packages of the tests only where tests are run', () => {
    expect(readPackageList()).toContain('vagrant');
    expect(readPackageList()).not.toContain('python3-winrm');
    expect(readPackageList('test')).toEqual(expect.arrayContaining(['vagrant', 'python3-winrm']));
  });

  it('asks for the packages of a real VM only where one is run', () => {
    expect(readPackageList('vm')).toEqual(expect.arrayContaining(['vagrant', 'vagrant-libvirt']));
    expect(readPackageList('vm')).not.toContain('python3-winrm');
    for (const purpose of ['start', 'test'])
      expect(readPackageList(purpose)).not.toContain('vagrant-libvirt');
  });

  it('tells which packages are missing', () => {
    expect(missingPackages(['util-linux', 'no-such-package-here'])).toEqual(['no-such-package-here']);
  });
});
