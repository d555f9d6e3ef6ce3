import { createHash, randomBytes } from 'node:crypto';
import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import type { Channel, ExecResult } from '../channel.ts';
import { putFile, readCertutilHash } from './put.ts';

type Machine = Pick<Channel, 'exec'> & { readonly files: Map<string, Buffer>; readonly lines: string[] };

/** A machine that knows the few commands which putting a file takes. */
function machine(damage: (bytes: Buffer) => Buffer = (bytes) => bytes): Machine {
  const files = new Map<string, Buffer>();
  const lines: string[] = [];
  const keep = (path: string, bytes: Buffer): string => {
    files.set(path, bytes);
    return '';
  };
  const file = (path: string): Buffer => files.get(path) ?? Buffer.alloc(0);
  const commands: readonly (readonly [RegExp, (...groups: string[]) => string])[] = [
    [/^> "(.+)" echo (.*)$/, (path, text) => keep(path, Buffer.from(`${text}\r\n`))],
    [
      /^>> "(.+)" echo (.*)$/,
      (path, text) => keep(path, Buffer.concat([file(path), Buffer.from(`${text}\r\n`)])),
    ],
    [/^type nul> "(.+)"$/, (path) => keep(path, Buffer.alloc(0))],
    [
      /^certutil -f -decode "(.+)" "(.+)"$/,
      (from, to) => {
        const base64 = file(from)
          .toString()
          .replace(/-----.*-----|\s/g, '');
        files.set(to, damage(Buffer.from(base64, 'base64')));
        return 'CertUtil: -decode command completed successfully.';
      },
    ],
    [
      /^certutil -hashfile "(.+)" SHA256$/,
      (path) => {
        const digest = createHash('sha256').update(file(path)).digest('hex').replace(/..\B/g, '$& ');
        return `SHA256 hash of file ${path}:\r\n${digest}\r\nCertUtil: done.\r\n`;
      },
    ],
    [
      /^move \/y "(.+)" "(.+)"$/,
      (from, to) => {
        files.set(to, file(from));
        files.delete(from);
        return '        1 file(s) moved.';
      },
    ],
    [
      /^del \/f \/q "(.+)" "(.+)" 2>nul$/,
      (...paths) => {
        for (const path of paths) files.delete(path);
        return '';
      },
    ],
  ];
  return {
    files,
    lines,
    exec({ line }): Promise<ExecResult> {
      lines.push(line);
      for (const [pattern, run] of commands) {
        const groups = pattern.exec(line)?.slice(1);
        if (groups) return Promise.resolve({ exitCode: 0, stdout: run(...groups), stderr: '', ms: 0 });
      }
      return Promise.resolve({ exitCode: 1, stdout: '', stderr: `unknown: ${line}`, ms: 0 });
    },
  };
}

const soon = (): Deadline => Deadline.in(5000, 'putting a file');
const PATH = 'C:\\Windows\\Temp\\a file.msi';

describe('putFile', () => {
  for (const bytes of [0, 1, 2, 3, 5699, 5700, 5701, 100_000]) {
    it(`puts ${bytes} bytes, leaves nothing else, and keeps to the length of a line`, async () => {
      const content = randomBytes(bytes);
      const guest = machine();
      await putFile(guest, content, PATH, soon());
      expect([...guest.files.keys()]).toEqual([PATH]);
      expect(guest.files.get(PATH)).toEqual(content);
      expect(Math.max(...guest.lines.map((line) => line.length))).toBeLessThanOrEqual(8191);
    });
  }

  it('notices a file that arrived damaged, and cleans up', async () => {
    const guest = machine((bytes) => bytes.subarray(1));
    await expect(putFile(guest, Buffer.from('content'), PATH, soon())).rejects.toMatchObject({
      code: 'put-failed',
      retryable: true,
    });
    expect(guest.files.size).toBe(0);
  });

  it('keeps the old file when the new one does not arrive', async () => {
    const guest = machine((bytes) => bytes.subarray(1));
    guest.files.set(PATH, Buffer.from('old'));
    await expect(putFile(guest, Buffer.from('new'), PATH, soon())).rejects.toThrow(/SHA-256/);
    expect(guest.files.get(PATH)?.toString()).toBe('old');
  });

  it('refuses a path that cmd.exe would read otherwise', async () => {
    for (const path of [
      'file.msi',
      'C:file',
      '\\\\server\\share\\x',
      'C:\\%TEMP%\\x',
      'C:\\a"b',
      'C:\\a & b',
      'C:\\a\nb',
    ]) {
      const guest = machine();
      await expect(putFile(guest, Buffer.from('x'), path, soon())).rejects.toMatchObject({
        code: 'put-path',
      });
      expect(guest.lines).toEqual([]);
    }
  });
});

describe('readCertutilHash', () => {
  const hash = createHash('sha256').update('x').digest('hex');
  const outputs = {
    'Windows 7 and 8': `SHA256 hash of file C:\\x:\r\n${hash.replace(/..\B/g, '$& ')}\r\nCertUtil: ok\r\n`,
    'Windows 10': `SHA256 hash of C:\\x:\r\n${hash}\r\nCertUtil: -hashfile command completed successfully.\r\n`,
    'another language': `SHA256-Hash der Datei C:\\x:\r\n${hash.toUpperCase()}\r\nCertUtil: erfolgreich\r\n`,
  };
  for (const [name, output] of Object.entries(outputs)) {
    it(`reads what ${name} prints`, () => expect(readCertutilHash(output)).toBe(hash));
  }
  it('finds none in an error', () =>
    expect(readCertutilHash('CertUtil: -hashfile command FAILED: 0x80070002')).toBeUndefined());
});
