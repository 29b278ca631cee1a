import { ok } from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { SeededChance } from '../shop/chance.ts';
import { allBack, allIsRight } from './all-is-right.ts';
import { type Stage, setTheStage } from './stage.ts';
import { freeze, killEvery, STROKES } from './strokes.ts';

const KILL_EVERY_MS = 2_000;
const KILLS_MS = 30_000;
const BETWEEN_STROKES_MS = 4_000;
/** Of those who shop, at 6 a second. */
const ANSWERS_BETWEEN = 24;
const AVAILABLE = 0.999;
/** There is one primary, and no request without it. Every other stroke is nobody's business but ours. */
const MAY_COST: readonly string[] = ['PostgreSQL is killed'] satisfies (keyof typeof STROKES)[];

/** Everything that may die dies while people shop; then all has to be right. */
export async function surviveChaos(t: TestContext): Promise<void> {
  const stage = await setTheStage(t);
  const { availability, load } = stage;
  availability.part = 'all are well';
  await load.moreAnswers(ANSWERS_BETWEEN);

  availability.part = 'replicas die';
  t.diagnostic(`${await killEvery(stage, KILL_EVERY_MS, KILLS_MS)} replicas were killed`);
  await allBack(stage);

  availability.part = 'a replica stands still';
  const { replica, ms } = await freeze(stage, ANSWERS_BETWEEN);
  t.diagnostic(`${replica} stood still for ${ms.toFixed(0)} ms`);
  await load.moreAnswers(ANSWERS_BETWEEN);

  await strikeServers(t, stage);
  await allIsRight(t, stage);
  for (const part of availability.parts.filter((name) => !MAY_COST.includes(name)))
    ok(availability.share(part) >= AVAILABLE, `${part}: ${availability.lines().join('\n')}`);
}

/** In an order that the seed draws, while replicas go on dying. */
async function strikeServers(t: TestContext, stage: Stage): Promise<void> {
  for (const name of shuffled(Object.keys(STROKES) as (keyof typeof STROKES)[], stage.chance)) {
    stage.availability.part = name;
    const at = performance.now();
    await STROKES[name](stage);
    const order = await Promise.race([stage.load.nextOrder().then(() => performance.now() - at), pause(30_000)]);
    t.diagnostic(`${name}: ${order === undefined ? 'no order within 30 s' : `an order after ${order.toFixed(0)} ms`}`);
    await killEvery(stage, KILL_EVERY_MS, BETWEEN_STROKES_MS).catch(() => 0);
  }
}

function shuffled<T>(all: readonly T[], chance: SeededChance): T[] {
  const left = [...all];
  return all.map(() => left.splice(chance.between(0, left.length - 1), 1)[0]!);
}
