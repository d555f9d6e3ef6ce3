import { readFileSync } from 'node:fs';
import { expect } from '@playwright/test';

/** What PowerShell 2.0 of Windows 7 does not know. Source: "What's New" of Windows PowerShell 3.0 to 5.0. */
const NEWER: readonly (readonly [string, RegExp])[] = [
  ['[ordered] and [pscustomobject]', /\[(ordered|pscustomobject)\]/i],
  ['::new()', /::new\(/i],
  ['-in and -notin', /\s-(not)?in\s/i],
  ['$using:', /\$using:/i],
  ['$PSItem', /\$PSItem\b/i],
  ['$PSScriptRoot', /\$PSScriptRoot\b/i],
  ['.Where() and .ForEach()', /\.(Where|ForEach)\(/i],
  ['class and enum', /^\s*(class|enum)\s/im],
  ['-shl, -shr', /\s-sh[lr]\s/i],
  [
    'cmdlets that came later',
    /ConvertTo-Json|ConvertFrom-Json|Get-FileHash|Get-Cim|Invoke-WebRequest|-Raw\b/i,
  ],
  ['redirecting other streams', /[3-6*]>/],
  ['Where-Object without a block', /Where-Object\s+(?!-FilterScript)/i],
  ['&& and ||', /&&|\|\|/],
  ['.NET 4', /System\.IO\.Compression|\.CopyTo\(|IsNullOrWhiteSpace/i],
];

const code = (name: string): string =>
  readFileSync(new URL(name, import.meta.url), 'utf8')
    .replace(/<#.*?#>/gs, '')
    .replace(/^\s*#.*$/gm, '');

describe('What runs on the machine', () => {
  for (const name of ['remote-command.ps1', 'remote-append.ps1']) {
    it(`is PowerShell 2.0: ${name}`, () => {
      expect(NEWER.filter(([, pattern]) => pattern.test(code(name))).map(([what]) => what)).toEqual([]);
    });
  }

  it('would be found out if it were not', () => {
    const newer = [
      '$a = [ordered] @{}',
      '[Text.StringBuilder]::new()',
      'if ($a -in $b) { }',
      '$a | Where-Object Name -eq 1',
      'Get-Content -Path x -Raw',
    ];
    for (const text of newer)
      expect(
        NEWER.some(([, pattern]) => pattern.test(text)),
        text,
      ).toBe(true);
  });
});
