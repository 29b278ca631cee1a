import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as soon } from 'node:timers/promises';
import { type CacheTier, type Copy, FORGOTTEN_MS } from './cache-tier.ts';

export interface TierContractOptions {
  /** An empty tier for each test, which keeps ten absent keys; it is closed by `t.after`. */
  readonly makeTier: (t: TestContext) => Promise<CacheTier<string>>;
  readonly skip?: string | false;
}

const LONG_MS = 60_000;
const of = (version: number): Copy<string> => ({ version, value: `v${version}` });
const NONE: Copy<string> = { version: 0, value: undefined };

async function setUp(makeTier: TierContractOptions['makeTier'], t: TestContext) {
  const tier = await makeTier(t);
  const versionOf = async (key: string) => (await tier.find(key)).copy?.version;
  const keep = async (key: string, copy: Copy<string>, ttlMs = LONG_MS) =>
    tier.keep(key, copy, { since: (await tier.find(key)).since, ttlMs });
  return { tier, versionOf, keep };
}

const PROMISES: Readonly<Record<string, (world: Awaited<ReturnType<typeof setUp>>) => Promise<void>>> = {
  'what is kept is found, with its version, and nothing else is': async ({ tier, keep, versionOf }) => {
    strictEqual(await versionOf('k'), undefined);
    strictEqual(await keep('k', of(3)), true);
    const { copy } = await tier.find('k');
    deepStrictEqual([copy?.version, copy?.value], [3, 'v3']);
    strictEqual(await versionOf('other'), undefined);
  },

  'that there is none is found too, until there is something': async ({ tier, keep, versionOf }) => {
    await keep('k', NONE);
    const { copy } = await tier.find('k');
    deepStrictEqual([copy?.version, copy?.value], [0, undefined]);
    strictEqual(await keep('k', of(1)), true);
    strictEqual(await versionOf('k'), 1);
  },

  'an older version never takes the place of a newer one': async ({ keep, versionOf }) => {
    await keep('k', of(2));
    deepStrictEqual([await keep('k', of(1)), await keep('k', NONE)], [false, false]);
    strictEqual(await versionOf('k'), 2);
    deepStrictEqual([await keep('k', of(2)), await keep('k', of(3))], [true, true]);
    strictEqual(await versionOf('k'), 3);
  },

  'what was forgotten is not brought back by a slow reader': async ({ tier, keep, versionOf }) => {
    await keep('k', of(1));
    const { since } = await tier.find('k');
    await tier.forget('k', 2);
    strictEqual(await versionOf('k'), undefined);
    strictEqual(await tier.keep('k', of(1), { since, ttlMs: LONG_MS }), false);
    strictEqual(await versionOf('k'), undefined);
    strictEqual(await keep('k', of(2)), true);
    strictEqual(await versionOf('k'), 2);
  },

  'whoever was frozen since a change was still remembered brings nothing back': async ({ tier, versionOf }) => {
    const { since } = await tier.find('k');
    const longAgo = { ...since, ms: since.ms - FORGOTTEN_MS };
    for (const copy of [of(1), NONE]) strictEqual(await tier.keep('k', copy, { since: longAgo, ttlMs: LONG_MS }), true);
    strictEqual(await versionOf('k'), undefined);
  },

  'that there is none is forgotten as soon as there is something': async ({ tier, keep, versionOf }) => {
    await keep('k', NONE);
    await tier.forget('k', 1);
    strictEqual(await versionOf('k'), undefined);
    strictEqual(await keep('k', NONE), false);
    strictEqual(await versionOf('k'), undefined);
  },

  'who hears of a change late takes nothing away that is newer': async ({ tier, keep, versionOf }) => {
    await keep('k', of(5));
    await tier.forget('k', 4);
    await tier.forget('k', 5);
    strictEqual(await versionOf('k'), 5);
    await tier.forget('k', 7);
    await tier.forget('k', 6);
    strictEqual(await keep('k', of(6)), false);
  },

  'a copy is told no longer than it may live': async ({ keep, versionOf }) => {
    for (const copy of [of(1), NONE]) {
      const [brief, long] = [`brief ${copy.version}`, `long ${copy.version}`];
      await keep(brief, copy, 20);
      await keep(long, copy);
      while ((await versionOf(brief)) !== undefined) await soon();
      strictEqual(await versionOf(long), copy.version);
    }
  },

  'whoever asks for a thousand keys that do not exist pushes nothing out': async ({ keep, versionOf }) => {
    await keep('k', of(1));
    const asked = Array.from({ length: 1_000 }, (_, n) => `guess-${n}`);
    for (const key of asked) await keep(key, NONE);
    // One after the other: a thousand at once may take longer than one command may, where the machine is busy.
    let known = 0;
    for (const key of asked) if ((await versionOf(key)) === 0) known += 1;
    ok(known <= 10, `${known} are kept`);
    strictEqual(await versionOf(asked.at(-1)!), 0);
    strictEqual(await versionOf('k'), 1);
  },
};

/** What is promised of a tier: it forgets, but never tells what it has been told to be outdated. */
export function cacheTierContract(name: string, { makeTier, skip = false }: TierContractOptions): void {
  for (const [title, check] of Object.entries(PROMISES))
    test(`${name}: ${title}`, { skip }, async (t) => check(await setUp(makeTier, t)));
}
