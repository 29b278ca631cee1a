import { messagingMigrations } from '@ashlar/messaging';
import { sagaMigrations } from '@ashlar/saga';
import { type BenchDatabase, openDatabase, provisionBench, ThinPg } from './bench-database.ts';
import { closedLoop, type Load } from './closed-loop.ts';
import { type Contest, type Contestant, hold, type Rules } from './contest.ts';
import { isQuick, measure } from './lifetime.ts';
import { openPeer, type Peer, type SagaPeer } from './peers.ts';
import { circumstances, print } from './report.ts';
import { INSERT_STEP, SagaBench, STEP_TABLE, STEPS, UNDO_STEP } from './saga-steps.ts';

/** The claim: a durable saga of four steps costs little over what it writes. */
const RULES: Rules = isQuick ? { atOnce: [8], rounds: 1, forMs: 300 } : { atOnce: [1, 8, 32], rounds: 3, forMs: 1_000 };

const STATE_TABLE = 'create table states (saga text primary key, step int not null, data jsonb not null)';
const DATA = JSON.stringify({ status: 'running', steps: ['done', 'done', 'sent', 'pending'] });
const BEGIN = 'insert into states (saga, step, data) values ($1, 0, $2)';
const advancing = (step: string) => `
  with done as (${step}) update states set step = step + 1, data = $3 where saga = $1`;
const AT_ONCE = `
  with done as (insert into steps (saga, step) select $1, n from generate_series(1, 4) n)
  insert into states (saga, step, data) values ($1, 4, $2)`;

/** What somebody would write who needs nothing else: each step and the saga's state in one statement. */
class SagaByHand {
  #next = 0;

  constructor(private readonly thin: ThinPg) {}

  /** Five commits, as the peers make them; with eight where step 4 is refused. */
  async run(refused?: number): Promise<void> {
    const id = `hand-${this.#next++}`;
    await this.thin.query('begin saga', BEGIN, [id, DATA]);
    const done = STEPS.filter((step) => refused === undefined || step < refused);
    for (const step of done) await this.thin.query('step', advancing(INSERT_STEP), [id, step, DATA]);
    if (refused === undefined) return;
    for (const step of done.toReversed()) await this.thin.query('undo', advancing(UNDO_STEP), [id, step, DATA]);
  }

  /** One commit for all four. */
  async runAtOnce(): Promise<void> {
    await this.thin.query('at once', AT_ONCE, [`once-${this.#next++}`, DATA]);
  }
}

const loop = (name: string, operation: () => Promise<unknown>, peer?: string): Contestant => {
  const run = (load: Load) => closedLoop(operation, load);
  return { name, ...(peer && { peer }), run, warmUp: run };
};

type SagaPeers = Readonly<Record<'DBOS' | 'Restate', Peer<SagaPeer>>>;

let next = 0;

const peersOf = (peers: SagaPeers, refused?: number): Contestant[] =>
  Object.entries(peers).flatMap(([name, { title, opened }]) =>
    opened ? [loop(title, () => opened.run(`${name}-${process.pid}-${next++}`, refused), name)] : [],
  );

const plain = (own: SagaBench, hand: SagaByHand, peers: SagaPeers): Contest => ({
  title: 'a saga of four steps',
  contestants: [
    loop('by hand, a commit a step', () => hand.run(), 'by hand'),
    loop('by hand, one commit', () => hand.runAtOnce(), 'one commit'),
    ...peersOf(peers),
    loop('Ashlar: local steps, one commit', () => own.runLocal()),
    loop('Ashlar: steps by message, nine commits', () => own.runByMessage()),
  ],
});

const compensated = (own: SagaBench, hand: SagaByHand, peers: SagaPeers): Contest => ({
  title: 'the same, step 4 refused and three undone',
  contestants: [
    loop('by hand, a commit a step', () => hand.run(4), 'by hand'),
    ...peersOf(peers, 4),
    loop('Ashlar: local steps, one commit', () => own.runLocal(4)),
    loop('Ashlar: steps by message, fifteen commits', () => own.runByMessage(4)),
  ],
});

async function openPeers({ adminUrl, directory }: BenchDatabase): Promise<SagaPeers> {
  const home = (name: string) => async () => {
    const url = await provisionBench(adminUrl, name);
    await new ThinPg(url).script(STEP_TABLE);
    return { url, directory, connections: ThinPg.CONNECTIONS, insert: INSERT_STEP, remove: UNDO_STEP };
  };
  return { DBOS: await openPeer('dbos', home('dbos')), Restate: await openPeer('restate', home('restate')) };
}

await measure(async () => {
  console.error('saga: a database of its own, and the peers');
  const database = await openDatabase([...(await messagingMigrations()), ...(await sagaMigrations())]);
  const thin = new ThinPg(database.url);
  await thin.script(`${STEP_TABLE}; ${STATE_TABLE}`);
  const hand = new SagaByHand(thin);
  const own = await SagaBench.open(database.url);
  const peers = await openPeers(database);
  const tables = [await hold(plain(own, hand, peers), RULES), await hold(compensated(own, hand, peers), RULES)];
  print('Sagas', {
    tables,
    notes: [
      circumstances({ PostgreSQL: await thin.serverVersion() }),
      'Each step is one statement in the database, on the same server for all; fsync is on, in Restate’s own log too.',
      [
        'Our local steps share the saga’s transaction: a step cannot have happened without the saga knowing, and all',
        'four are one commit. The peers commit after each step. By message is our way to steps of other services:',
        'a commit for each command and each reply, shared by those that arrive together.',
      ].join(' '),
      ...Object.values(peers).map(({ title, missing }) => `${title}: ${missing ?? 'its steps as runStep or ctx.run'}.`),
    ],
  });
});
