import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { StandaloneOptions } from './standalone-platform.ts';
import { aSimulatedPlatform } from './standalone-platform.ts';

/** Lets the world go on, and tells whether the promise was answered meanwhile. */
async function isAnswered(promise: Promise<unknown>, passes: (ms: number) => Promise<void>): Promise<boolean> {
  let answered = false;
  const note = () => {
    answered = true;
  };
  promise.then(note, note);
  await passes(60_000);
  return answered;
}

test('a call that is under way when its instance dies is never answered, nor any that follows', async (t) => {
  const { instance, work, jobs, passes } = aSimulatedPlatform(t);
  let hadEffect = false;
  const early = work.read('reads', () => {
    hadEffect = true;
  });
  instance.die('killed');
  strictEqual(await isAnswered(early, passes), false);
  strictEqual(hadEffect, false);
  const late = [work.read('reads', () => {}), work.transaction(() => work.lock(['row'])), jobs.failed()];
  strictEqual(await isAnswered(Promise.race(late), passes), false);
});

test('the timers of a dead instance do not fire, and it dies once', async (t) => {
  const { instance, timers, passes } = aSimulatedPlatform(t);
  let fired = 0;
  const fire = () => {
    fired += 1;
  };
  timers.once(10, fire);
  timers.every(
    10,
    async () => fire(),
    () => {},
  );
  await passes(25);
  strictEqual(fired, 3);
  instance.die('killed');
  instance.die('killed again');
  timers.once(10, fire);
  await passes(1_000);
  deepStrictEqual([fired, instance.isAlive], [3, false]);
});

test('an instance dies before or after the effect of a call, as the seed says', async (t) => {
  const outcomes = new Set<string>();
  for (let seed = 1; seed <= 20; seed++) {
    const options: StandaloneOptions = { seed, faults: { crash: 0.5 } };
    const { work, instance, passes } = aSimulatedPlatform(t, options);
    let hadEffect = false;
    const call = work.read('reads', () => {
      hadEffect = true;
    });
    const answered = await isAnswered(call, passes);
    outcomes.add(`effect ${hadEffect}, answer ${answered}, alive ${instance.isAlive}`);
  }
  deepStrictEqual([...outcomes].sort(), [
    'effect false, answer false, alive false',
    'effect true, answer false, alive false',
    'effect true, answer true, alive true',
  ]);
});

test('a call that fails does so after its time, and the instance lives on', async (t) => {
  const { work, instance, world } = aSimulatedPlatform(t);
  const before = world.now;
  const failing = work.read('reads', () => {
    throw new Error('no such table');
  });
  await rejects(failing, /no such table/);
  ok(world.now > before && instance.isAlive);
});

test('the clock of an instance jumps; the time of the world does not', async (t) => {
  const { clock, world } = aSimulatedPlatform(t, { faults: { clockJump: 1 } });
  const before = world.now;
  const times = Array.from({ length: 10 }, () => clock.now().getTime());
  strictEqual(new Set(times).size, 10);
  ok(times.some((time) => time < before) && times.some((time) => time > before));
  strictEqual(world.now, before);
});

test('what was committed outlives its instance; a transaction that its death cuts off does not', async (t) => {
  const { work, instance, another, passes } = aSimulatedPlatform(t);
  const kept: string[] = [];
  await work.transaction(() => work.change('writes', () => void kept.push('committed')));
  const cut = work.transaction(async () => {
    await work.change('writes', () => void kept.push('cut off'));
    instance.die('killed');
  });
  strictEqual(await isAnswered(cut, passes), false);
  const next = another();
  deepStrictEqual(await next.work.read('looks', () => [...kept]), ['committed']);
});
