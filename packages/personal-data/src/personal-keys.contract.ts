import { deepStrictEqual, notDeepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { eventually } from '@ashlar/postgres';
import { contractSuite, type RepositoryStage, type Rules } from '@ashlar/postgres/contract-suites';
import type { PersonalKeys } from './personal-keys.ts';

interface Stage extends RepositoryStage<PersonalKeys> {
  /** Whether somebody waits for a lock, where that can be seen. */
  readonly someoneWaits?: () => Promise<boolean>;
}

/** Who has to wait does by now, or has not waited; keys of others are used meanwhile. */
async function untilWaitingOr(isOver: () => boolean, { repository, transaction, someoneWaits }: Stage): Promise<void> {
  strictEqual((await transaction(() => repository.use('eve')))?.length, 32);
  if (someoneWaits) await eventually('somebody waits, or is done', async () => isOver() || (await someoneWaits()));
}

const keyRules: Rules<Stage> = {
  'a person has one key, made on first use, which is the same wherever one looks': async (stage) => {
    const { repository, elsewhere, transaction } = stage;
    const key = await transaction(() => repository.use('ada'));
    strictEqual(key?.length, 32);
    deepStrictEqual(await transaction(() => repository.use('ada')), key);
    deepStrictEqual(await elsewhere.find(['ada', 'bob']), new Map([['ada', key]]));
    notDeepStrictEqual(await transaction(() => repository.use('bob')), key);
  },

  'two who use a new key at once get the same one': async ({ repository, transaction }) => {
    const use = () => transaction(() => repository.use('ada'));
    const [one, other] = await Promise.all([use(), use()]);
    deepStrictEqual(one, other);
    deepStrictEqual((await repository.find(['ada'])).get('ada'), one);
  },

  'a key that is made by a transaction that fails was never there': async ({ repository, transaction }) => {
    const failing = transaction(async () => {
      await repository.use('ada');
      throw new Error('refused');
    });
    await rejects(failing, /refused/);
    strictEqual((await repository.find(['ada'])).size, 0);
  },

  'an erased key is gone for ever, also one that has never been, and others stay': async ({
    repository,
    transaction,
  }) => {
    for (const owner of ['ada', 'bob']) await transaction(() => repository.use(owner));
    for (const owner of ['ada', 'ada', 'cid']) await transaction(() => repository.erase(owner));
    deepStrictEqual([...(await repository.find(['ada', 'bob', 'cid'])).keys()], ['bob']);
    for (const owner of ['ada', 'cid']) strictEqual(await transaction(() => repository.use(owner)), undefined);
  },

  'keys that are fetched ahead are those that are used, and whoever erases one waits': async (stage) => {
    const { repository, transaction } = stage;
    const key = await transaction(() => repository.use('ada'));
    await transaction(() => repository.erase('bob'));
    const [fetched, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const using = transaction(async () => {
      await repository.prefetch(['cid', 'bob', 'ada']);
      fetched.resolve();
      await gate.promise;
      return [await repository.use('ada'), await repository.use('bob'), (await repository.use('cid'))?.length];
    });
    await fetched.promise;
    const erased: string[] = [];
    const erasing = transaction(async () => {
      await repository.erase('ada');
      erased.push('ada');
    });
    await untilWaitingOr(() => erased.length > 0, stage);
    const early = [...erased];
    gate.resolve();
    deepStrictEqual([early, await using], [[], [key, undefined, 32]]);
    await erasing;
    strictEqual(await transaction(() => repository.use('ada')), undefined);
  },

  'a key that was used, and is erased in the same transaction, is gone for the rest of it': async (stage) => {
    const { repository, transaction } = stage;
    const after = await transaction(async () => {
      await repository.use('ada');
      await repository.erase('ada');
      return [await repository.use('ada'), (await repository.find(['ada'])).size];
    });
    deepStrictEqual(after, [undefined, 0]);
  },

  'who uses a key waits for one who is erasing it': async (stage) => {
    const { repository, transaction } = stage;
    await transaction(() => repository.use('ada'));
    const [entered, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const erasing = transaction(async () => {
      await repository.erase('ada');
      entered.resolve();
      await gate.promise;
    });
    await entered.promise;
    const answers: unknown[] = [];
    const using = transaction(async () => void answers.push(await repository.use('ada')));
    await untilWaitingOr(() => answers.length > 0, stage);
    const early = answers.length;
    gate.resolve();
    await Promise.all([erasing, using]);
    deepStrictEqual([early, answers], [0, [undefined]]);
  },
};

export const personalKeysContract = contractSuite<Stage>(keyRules);
