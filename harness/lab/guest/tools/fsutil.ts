import { closeSync, existsSync, ftruncateSync, openSync } from 'node:fs';
import { CAPACITY_BYTES, WINE_FSUTIL } from '../disk.ts';
import type { Tool, ToolCall } from './tool.ts';

/** fsutil.exe: how much of the disk is free, and a file that fills it. Wine's own does what else there is. */
export const fsutil: Tool = (call) => {
  switch (call.args.slice(0, 2).join(' ').toLowerCase()) {
    case 'volume diskfree':
      return diskFree(call);
    case 'file createnew':
      return createNew(call);
    default:
      return call.run(WINE_FSUTIL, `fsutil ${call.rawArguments}`);
  }
};

function diskFree({ machine, print }: ToolCall): number {
  const free = machine.disk.freeBytes();
  print(
    `Total # of free bytes        : ${free}\n` +
      `Total # of bytes             : ${CAPACITY_BYTES}\n` +
      `Total # of avail free bytes  : ${free}\n`,
  );
  return 0;
}

/** A file of so many bytes, all of them zero: it takes no room on the host. */
function createNew({ args, folder, machine, print }: ToolCall): number {
  const [, , name = '', size = ''] = args;
  const path = machine.disk.path(name, folder);
  const refused =
    name === '' || !/^\d+$/.test(size)
      ? 'The parameter is incorrect.'
      : existsSync(path)
        ? 'The file exists.'
        : Number(size) > machine.disk.freeBytes()
          ? 'There is not enough space on the disk.'
          : undefined;
  if (refused !== undefined) {
    print(`Error:  ${refused}\n`);
    return 1;
  }
  const file = openSync(path, 'wx');
  ftruncateSync(file, Number(size));
  closeSync(file);
  print(`File ${name} is created\n`);
  return 0;
}
