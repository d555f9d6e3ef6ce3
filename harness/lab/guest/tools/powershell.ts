import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Tool, ToolCall } from './tool.ts';

/**
 * powershell.exe. The lab has none; but winrmcp copies its files by two fixed scripts, and those are understood:
 * one decodes a Base64 file, the other deletes it.
 */
export const powershell: Tool = (call) => {
  const encoded = call.args[call.args.findIndex((arg) => /^[/-]e(nc(odedcommand)?)?$/i.test(arg)) + 1] ?? '';
  const script = Buffer.from(encoded, 'base64').toString('utf16le');
  const source = path(
    call,
    /\$tmp_file_path = \[System\.IO\.Path\]::GetFullPath\("([^"]+)"\)/.exec(script)?.[1],
  );
  const target = path(call, /\$dest_file_path = .*?GetFullPath\("([^"]+)"/.exec(script)?.[1]);
  if (source !== undefined && target !== undefined && script.includes('FromBase64String'))
    return copy(source, target);
  if (source !== undefined && script.includes('Remove-Item $tmp_file_path')) {
    rmSync(source, { force: true });
    return 0;
  }
  call.complain("The lab's guests have no PowerShell: use cmd.exe or cscript.exe.\n");
  return 1;
};

function copy(source: string, target: string): number {
  if (existsSync(target) && statSync(target).isDirectory()) return 1;
  const lines = existsSync(source) ? readFileSync(source, 'latin1').split(/\s+/) : [];
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, Buffer.concat(lines.map((line) => Buffer.from(line, 'base64'))));
  return 0;
}

function path({ machine, folder }: ToolCall, written: string | undefined): string | undefined {
  return written === undefined
    ? undefined
    : machine.disk.path(
        written.replace(/^'|'$/g, '').replace(/\$env:TEMP/i, 'C:\\users\\vagrant\\Temp'),
        folder,
      );
}
