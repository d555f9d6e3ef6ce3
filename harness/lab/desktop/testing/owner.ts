import { startDesktop } from '../desktop.ts';
import { FakeHost } from './host.ts';

/** A process that owns a desktop until it is killed: `owner.ts FOLDER`. Says `up` when it shows the logon screen. */
const desktop = await startDesktop({
  host: new FakeHost(),
  vncPassword: 'notused1',
  folder: process.argv[2] ?? '',
  caFile: undefined,
});
await desktop.show('logon');
process.stdout.write('up\n');
