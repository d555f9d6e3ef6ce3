import { expect } from '@playwright/test';
import { patchHive } from './hive.ts';
import { dword, sz } from './registry-value.ts';

const HIVE = `WINE REGISTRY Version 2
;; All keys relative to \\\\Machine

#arch=win64

[Software\\\\Here] 1795232802
#time=1dc5a9b
"Blob"=hex:01,02,\\
  03
"Gone"="old"
"Kept"="yes"

[Software\\\\There] 1795232802
@="default"
`;

describe('patchHive', () => {
  it('sets and removes values of a key that is there, whatever the case of its name', () => {
    const patched = patchHive(HIVE, [{ key: 'SOFTWARE\\Here', values: { Blob: dword(258), gone: null } }]);
    expect(patched).toContain(`[Software\\\\Here] 1795232802
#time=1dc5a9b
"Kept"="yes"
"Blob"=hex(4):02,01,00,00

[Software\\\\There]`);
  });

  it('adds a key that is not there, and escapes what its name needs', () => {
    const patched = patchHive(HIVE, [{ key: 'Software\\[ü]', values: { '': sz('a') } }]);
    expect(patched.endsWith('[Software\\\\\\[\\x00fc\\]]\n@=hex(1):61,00,00,00\n\n')).toBe(true);
    expect(patched.startsWith(HIVE.trimEnd())).toBe(true);
  });
});
