import { Deadline } from '../../core/deadline.ts';
import { Pace, type PaceLimit } from '../pace.ts';

// For pace.test.ts: a process that starts requests, one after the other, and prints when each one was counted.
const [, , file = '', limit = '', turns = '1'] = process.argv;
const pace = new Pace(JSON.parse(limit) as PaceLimit, file);
for (let turn = 0; turn < Number(turns); turn++) {
  process.stdout.write(`${await pace.turn(Deadline.in(30_000, 'waiting for a turn'))}\n`);
}
