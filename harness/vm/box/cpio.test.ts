import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { tool } from '../tool.ts';
import { cpio } from './cpio.ts';

describe('A cpio archive, unpacked by bsdtar', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-cpio-'));
  after(() => rmSync(folder, { recursive: true }));

  it('holds files, programs and links, and the folders that they are in', () => {
    const archive = cpio([
      { path: 'etc/deep/er/odd', content: Buffer.from('abc'), kind: 'file' },
      { path: 'etc/empty', content: Buffer.alloc(0), kind: 'file' },
      { path: 'bin/tool', content: Buffer.from([0, 1, 2, 255, 10]), kind: 'program' },
      { path: 'init', content: Buffer.from('bin/tool'), kind: 'link' },
    ]);
    writeFileSync(join(folder, 'archive'), archive);
    tool('bsdtar', ['-xf', 'archive'], { cwd: folder });
    expect(readFileSync(join(folder, 'etc/deep/er/odd'), 'utf8')).toBe('abc');
    expect(readFileSync(join(folder, 'etc/empty')).length).toBe(0);
    expect([...readFileSync(join(folder, 'bin/tool'))]).toEqual([0, 1, 2, 255, 10]);
    expect(statSync(join(folder, 'bin/tool')).mode & 0o111).toBe(0o111);
    expect(statSync(join(folder, 'etc/empty')).mode & 0o111).toBe(0);
    expect(readlinkSync(join(folder, 'init'))).toBe('bin/tool');
  });
});
