import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { type Counting, countingSimulation } from './counting.fixtures.ts';
import { NO_FAULTS } from './faults.ts';
import { type Simulation, simulate } from './simulate.ts';

const calm = (load: Simulation<Counting>['load']) =>
  simulate(countingSimulation({ load, faults: NO_FAULTS }), { seed: 1, isTraced: true });

test('after each death another instance begins with what was committed', async () => {
  const counts: (number | undefined)[] = [];
  const run = await calm(async ({ services, counter }) => {
    for (let n = 0; n < 4; n++) {
      await services.ask(counter, (app) => app.count());
      counts.push(counter.stored.table<number>('counts').get('all')?.state);
      counter.kill();
      await services.world.pass(30_000);
    }
  });
  deepStrictEqual([counts, run.broken], [[1, 2, 3, 4], []]);
  const beginnings = run.trace.filter((line) => / counter#\d begins$/.test(line));
  strictEqual(beginnings.length, 5);
});

test('nobody answers while the service is away, and whoever asks gives up after a while', async () => {
  const answers: unknown[] = [];
  await calm(async ({ services, counter }) => {
    counter.kill();
    answers.push(await counter.ask((app) => app.count()).catch((error: Error) => error.message));
    answers.push(await services.ask(counter, async () => 'here'));
    await services.world.pass(30_000);
    answers.push(await services.ask(counter, async () => 'here'));
    const before = services.world.now;
    answers.push(await services.ask(counter, () => new Promise(() => {}), 700));
    answers.push(services.world.now - before);
  });
  deepStrictEqual(answers, ['counter is away.', undefined, 'here', undefined, 700]);
});

test('it is told what keeps a system from its rest', async () => {
  const unrest: string[] = [];
  const run = await calm(async ({ services, counter, listener }) => {
    await services.world.pass(30_000);
    deepStrictEqual(services.unrest, []);
    listener.kill();
    await services.ask(counter, (app) => app.count());
    unrest.push(...services.unrest);
  });
  ok(unrest.includes('listener is away'));
  ok(unrest.some((what) => /^1 (deliveries that are open|unpublished messages of counter)$/.test(what)));
  deepStrictEqual(run.broken, []);
});
