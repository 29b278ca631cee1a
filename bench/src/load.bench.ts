import { eventStoreMigrations } from '@ashlar/event-store';
import { messagingMigrations } from '@ashlar/messaging';
import { openDatabase } from './bench-database.ts';
import { type Contest, hold, type Rules } from './contest.ts';
import { deposited, SELECT, Workbench } from './event-store-workbench.ts';
import { isQuick, measure } from './lifetime.ts';
import { circumstances, print } from './report.ts';

/** The claim: an aggregate is loaded as fast as its rows are read, and a command is little more than that. */
const RULES: Rules = isQuick ? { atOnce: [8], rounds: 1, forMs: 200 } : { atOnce: [1, 8, 32], rounds: 3, forMs: 500 };

const readHundred = (bench: Workbench): Contest => ({
  title: 'read a stream of 100',
  contestants: [
    bench.loop('thin pg', () => bench.thin.query('load', SELECT, [bench.seeded('long')]), 'thin pg'),
    ...bench.emmettLoop((emmett) => emmett.read(bench.seeded('long'))),
    bench.loop('Ashlar', () => bench.store.read(bench.seeded('long'))),
  ],
});

const command = (bench: Workbench): Contest => ({
  title: 'command: load about 10, decide, append',
  contestants: [
    bench.loop('thin pg, by hand', () => bench.depositByHand(bench.seeded('short')), 'thin pg'),
    ...bench.emmettLoop((emmett) => emmett.command(bench.seeded('short'), deposited)),
    bench.loop('Ashlar', () => bench.deposit(bench.seeded('short'))),
  ],
});

await measure(async () => {
  console.error('load: a database of its own');
  const database = await openDatabase([...(await messagingMigrations()), ...(await eventStoreMigrations())]);
  const bench = new Workbench(database);
  await bench.seed();
  const tables = [await hold(readHundred(bench), RULES), await hold(command(bench), RULES)];
  print('Loading from the event store', {
    tables,
    notes: [
      circumstances({ PostgreSQL: await bench.thin.serverVersion() }),
      'By hand a command is two round trips, and the unique key of stream and version is its check.',
      `${bench.emmett.title}: ${bench.emmett.missing ?? 'its CommandHandler, without an outbox.'}`,
    ],
  });
});
