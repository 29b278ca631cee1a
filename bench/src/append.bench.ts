import { eventStoreMigrations } from '@ashlar/event-store';
import { messagingMigrations } from '@ashlar/messaging';
import { openDatabase, ThinPg } from './bench-database.ts';
import { type Contest, hold, type Rules } from './contest.ts';
import {
  deposited,
  INSERT_MANY,
  PGBENCH_CALL,
  PGBENCH_CALL_AND_TELL,
  PGBENCH_INSERT,
  PGBENCH_TEN,
  tenEvents,
  Workbench,
} from './event-store-workbench.ts';
import { isQuick, measure } from './lifetime.ts';
import { circumstances, print, versionOf } from './report.ts';

/** The claim: the event store costs little over the database's own INSERT. */
const RULES: Rules = isQuick ? { atOnce: [8], rounds: 1, forMs: 200 } : { atOnce: [1, 8, 32], rounds: 3, forMs: 500 };

const appendOne = (bench: Workbench): Contest => ({
  title: 'append 1 event, version checked',
  contestants: [
    ...bench.pgbench('pgbench INSERT', 'plain INSERT', PGBENCH_INSERT),
    ...bench.pgbench('pgbench call', 'one call that checks the version', PGBENCH_CALL),
    ...bench.emmettLoop((emmett, worker) => {
      const { stream, expected } = bench.existing('emmett', worker);
      return emmett.append(stream, expected, [deposited()]);
    }),
    bench.loop('thin pg: plain INSERT', (worker) => bench.insert(bench.existing('thin', worker)), 'thin pg'),
    bench.loop('Ashlar: a new stream', () =>
      bench.store.append({ stream: bench.newStream(), expected: 'none', events: [deposited()] }),
    ),
    bench.loop('Ashlar: an existing stream', (worker) =>
      bench.store.append({ ...bench.existing('own', worker), events: [deposited()] }),
    ),
  ],
});

const appendAndTell = (bench: Workbench): Contest => ({
  title: 'append 1 event, version checked, and a message',
  contestants: [
    ...bench.pgbench('pgbench call', 'one call', PGBENCH_CALL_AND_TELL),
    bench.loop('thin pg: one call', (worker) => bench.appendAndTellByHand(bench.existing('hand', worker)), 'thin pg'),
    bench.loop('Ashlar: a new stream', () => bench.appendAndTell(bench.newStream(), 'none')),
    bench.loop('Ashlar: an existing stream', (worker) => {
      const { stream, expected } = bench.existing('told', worker);
      return bench.appendAndTell(stream, expected);
    }),
  ],
});

const appendTen = (bench: Workbench): Contest => ({
  title: 'append 10 events in one transaction',
  contestants: [
    ...bench.pgbench('pgbench', 'one INSERT of 10 rows', PGBENCH_TEN),
    ...bench.emmettLoop((emmett) => emmett.append(bench.newStream(), 0, tenEvents())),
    bench.loop(
      'thin pg: one INSERT of 10 rows',
      () => bench.thin.query('insert many', INSERT_MANY, [bench.newStream(), JSON.stringify(tenEvents())]),
      'thin pg',
    ),
    bench.loop('Ashlar', () =>
      bench.store.append({ stream: bench.newStream(), expected: 'none', events: tenEvents() }),
    ),
  ],
});

await measure(async () => {
  console.error('append: a database of its own');
  const database = await openDatabase([...(await messagingMigrations()), ...(await eventStoreMigrations())]);
  const bench = new Workbench(database);
  await bench.seed();
  const tables = [];
  for (const contest of [appendOne, appendAndTell, appendTen]) tables.push(await hold(contest(bench), RULES));
  const pgbench = versionOf('pgbench');
  print('Appending to the event store', {
    tables,
    notes: [
      circumstances({ PostgreSQL: await bench.thin.serverVersion(), pgbench }),
      [
        `The embedded server with its own settings (fsync on); ${RULES.rounds} rounds of ${RULES.forMs}`,
        `ms each in turns; the median, and the median of each round's ratios.`,
      ].join(' '),
      [
        `Ashlar and thin pg have ${ThinPg.CONNECTIONS} connections each, as a service has; pgbench has`,
        'one for each client, and',
        `${pgbench ? 'the first 0.4 s of its rounds do not count' : 'was not found on the PATH'}.`,
      ].join(' '),
      [
        'The plain INSERT goes into a table of the same shape; the unique key of stream and version is',
        'its version check. “One call” is a short plpgsql function that does the same work in our',
        'tables for one event: what the database can do at best.',
      ].join(' '),
      `${bench.emmett.title}: ${bench.emmett.missing ?? 'without an outbox, which it has not'}.`,
    ],
  });
});
