import { setTimeout as delay } from 'node:timers/promises';
import { Deadline } from '../../core/deadline.ts';
import { Pace, type PaceLimit } from '../pace.ts';

// For pace.test.ts: a process that starts requests, one after the other, and prints when each one arrives. The way there
// and back takes as long as it likes.
const [, , file = '', limit = '', turns = '1', longestMs = '0'] = process.argv;
const pace = new Pace(JSON.parse(limit) as PaceLimit, file);
const onTheWay = (): Promise<void> => delay(Math.random() * Number(longestMs));
for (let turn = 0; turn < Number(turns); turn++) {
  const answered = await pace.turn(Deadline.in(30_000, 'waiting for a turn'));
  await onTheWay();
  process.stdout.write(`${Date.now()}\n`);
  await onTheWay();
  await answered();
}
