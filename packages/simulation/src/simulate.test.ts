import { deepStrictEqual, match, notStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '@ashlar/messaging';
import { type Counting, countingSimulation } from './counting.fixtures.ts';
import { type FaultKind, NO_FAULTS } from './faults.ts';
import { searchSeeds, tellingOf } from './search.ts';
import { shorten } from './shorten.ts';
import { FAULTS_ARE_OVER, type Simulation, simulate } from './simulate.ts';

const MANY = { crash: 0.01, duplicate: 0.2, drop: 0.1, reorder: 0.2, lostAnswer: 0.1, refusedCommit: 0.1 };

test('the same seed is the same run, to the byte; another seed is another run', async () => {
  const simulation = countingSimulation({ faults: MANY });
  const [one, same, other] = await Promise.all([7, 7, 8].map((seed) => simulate(simulation, { seed, isTraced: true })));
  ok(one!.struck.length > 0 && one!.trace.length > 100);
  deepStrictEqual(same, one);
  notStrictEqual(other!.traceHash, one!.traceHash);
});

test('whether the trace is kept changes nothing', async () => {
  const simulation = countingSimulation({ faults: MANY });
  const [kept, { trace, ...rest }] = [
    await simulate(simulation, { seed: 3, isTraced: true }),
    await simulate(simulation, { seed: 3 }),
  ];
  deepStrictEqual([trace, { ...kept, trace: [] }], [[], { ...rest, trace: [] }]);
});

/** Each kind of fault, how often it may strike, and what one then reads in the trace. */
const SIGNS: Readonly<Record<FaultKind, { readonly rate: number; readonly sign?: RegExp }>> = {
  crash: { rate: 0.01, sign: /counter#\d+ dies: (before|after) / },
  freeze: { rate: 0.05, sign: /(counter|listener)#\d+ goes on/ },
  duplicate: { rate: 0.5, sign: /listener gets counter\.Counted\.v1 all 3/ },
  drop: { rate: 0.5, sign: /listener gets counter\.Counted\.v1 all 3/ },
  reorder: { rate: 0.5 },
  forget: { rate: 0.5, sign: /the broker forgets \d+ for / },
  lostAnswer: { rate: 0.3, sign: /counter#1 is told: Error: The broker has not answered/ },
  refusedCommit: { rate: 0.2, sign: /commit fails: ConcurrencyError/ },
  brokenRule: { rate: 0.2, sign: /commit fails: RefusedError/ },
  unknownCommit: { rate: 0.3, sign: /commit fails: UnknownCommitError/ },
  outside: { rate: 0.5, sign: /tell fails/ },
  clockJump: { rate: 0.5 },
};

for (const [kind, { rate, sign }] of Object.entries(SIGNS) as [FaultKind, (typeof SIGNS)[FaultKind]][])
  test(`${kind} strikes when it is asked for, is counted, and nothing else goes wrong`, async () => {
    const simulation = countingSimulation({ faults: { ...NO_FAULTS, [kind]: rate } });
    const run = await simulate(simulation, { seed: 5, isTraced: true });
    const calm = await simulate(countingSimulation({ faults: NO_FAULTS }), { seed: 5 });
    deepStrictEqual(run.broken, []);
    ok(run.faults[kind] > 0);
    strictEqual(run.struck.length, run.faults[kind]);
    deepStrictEqual({ ...run.faults, [kind]: 0 }, NO_FAULTS);
    deepStrictEqual(calm.struck, []);
    notStrictEqual(run.traceHash, calm.traceHash);
    if (sign)
      ok(
        run.trace.some((line) => sign.test(line)),
        `Nobody says ${sign}.`,
      );
  });

test('nothing goes wrong any more once the load is over', async () => {
  const load: Simulation<Counting>['load'] = async ({ counter }) => counter.ask((app) => app.count());
  const run = await simulate(countingSimulation({ load, faults: { duplicate: 1 } }), { seed: 1, isTraced: true });
  const over = run.trace.findIndex((line) => line.endsWith('nothing goes wrong any more'));
  ok(over > 0);
  deepStrictEqual([run.faults.duplicate, run.broken], [0, []]);
});

test('what is broken is told, in the words of the invariants', async () => {
  const run = await simulate(countingSimulation({ invariants: () => ['one thing', 'another'] }));
  deepStrictEqual([run.seed, run.broken], [1, ['one thing', 'another']]);
});

test('a load that fails, or does not end, breaks the run', async () => {
  const failing = await simulate(countingSimulation({ load: () => Promise.reject(new Error('no money')) }));
  match(failing.broken.join(), /no money/);
  const endless = await simulate(countingSimulation({ load: () => new Promise(() => {}) }));
  deepStrictEqual(endless.broken, ['The load has not come to its end.']);
});

test('a system that does not come to rest breaks the run, and it is told what is open', async () => {
  const load: Simulation<Counting>['load'] = async ({ services, listener }) => {
    services.world.after(0, () => {
      const line = { source: '/services/counter', channel: 'counter.events', key: 'lost' };
      const { marks, parked } = listener.stored.messages;
      marks.set('listener\nlost', { line, sequence: 1, parked: true, movedAt: 0 });
      const of = { ...line, id: 'lost', consumer: 'listener', sequence: 1, type: 'counter.Counted.v1' };
      const failed = { status: 'dead' as const, attempts: 1, error: 'DomainError: No.', failedIn: null };
      const when = { firstFailedAt: '', nextAttemptAt: null, dueAt: undefined };
      parked.set('lost', { ...of, ...failed, ...when, message: {} as Message });
    });
  };
  const run = await simulate(countingSimulation({ load }));
  const why = 'listener dead, counter.Counted.v1: DomainError: No.';
  deepStrictEqual(run.broken, [
    `It does not come to rest: 1 parked messages at listener (${why}).`,
    'It does not come to rest: 1 parked keys at listener.',
  ]);
});

/** Breaks as soon as a commit was unknown or the counter has died: one fault of any of these is enough. */
const brittle = countingSimulation({
  faults: { ...MANY, crash: 0.02, unknownCommit: 0.1 },
  invariants: ({ services }) =>
    services.world.faultCounts.unknownCommit + services.world.faultCounts.crash > 0 ? ['it is broken'] : [],
});

test('a broken run is shortened to the faults that matter, which are enough to repeat it', async () => {
  const run = await simulate(brittle, { seed: 4 });
  ok(run.struck.length > 5 && run.broken.length > 0);
  const shortest = await shorten(brittle, run);
  strictEqual(shortest.struck.length, 1);
  deepStrictEqual(shortest.broken, ['it is broken']);
  ok(run.struck.includes(shortest.struck[0]!) && shortest.trace.length > 0);
  const again = await simulate(brittle, { seed: 4, only: new Set(shortest.struck), isTraced: true });
  deepStrictEqual(again, shortest);
});

test('two faults that are only together too much are both kept', async () => {
  const both = countingSimulation({
    faults: { ...NO_FAULTS, duplicate: 0.5, drop: 0.5 },
    invariants: ({ services: { world } }) =>
      world.faultCounts.duplicate > 0 && world.faultCounts.drop > 0 ? ['too much'] : [],
  });
  const run = await simulate(both, { seed: 4 });
  const { faults, struck } = await shorten(both, run);
  deepStrictEqual([struck.length, faults.duplicate, faults.drop], [2, 1, 1]);
});

test('a run that is broken without any fault needs none', async () => {
  const broken = countingSimulation({ faults: MANY, invariants: () => ['always'] });
  const shortest = await shorten(broken, await simulate(broken, { seed: 6 }));
  deepStrictEqual(shortest.struck, []);
});

test('a search tells how often each fault has struck, or the whole story of the first seed that breaks', async () => {
  const again = (seed: number, faults: readonly number[]) => `run ${seed} with ${faults.length}`;
  const faults = await searchSeeds(countingSimulation({ faults: MANY }), { from: 10, count: 5, again });
  ok(faults.of('duplicate') > 0);
  match(faults.toString(), /duplicate \d+/);
  const broken = searchSeeds(brittle, { from: 4, count: 5, again });
  await rejects(broken, ({ message }: Error) => {
    match(message, /^Seed 4 breaks something:\n {2}it is broken\n1 of its \d+ faults are enough for:/);
    match(message, /\nAgain: run 4 with 1$/);
    return true;
  });
});

test('of a run that does not come to rest that is shown which came before, and not how it waits', () => {
  const [before, waits] = [Array<string>(200).fill('1 works'), Array<string>(500).fill('2 waits')];
  const trace = [...before, `2 ${FAULTS_ARE_OVER}`, ...waits];
  const restless = tellingOf({ trace, broken: ['It does not come to rest: 1 open jobs of mail.'] });
  strictEqual(restless[0], '120 of the 701 lines of that run (milliseconds, then what happened):');
  deepStrictEqual([restless.length, restless.filter((line) => line === '  1 works').length], [121, 60]);
  deepStrictEqual(tellingOf({ trace, broken: ['wrong'] }).slice(1), Array(120).fill('  2 waits'));
});
