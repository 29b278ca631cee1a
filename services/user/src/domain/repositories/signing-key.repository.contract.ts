import { deepStrictEqual } from 'node:assert/strict';
import { contractSuite, type RepositoryStage } from '@ashlar/postgres/contract-suites';
import type { SigningKey } from '../entities/signing-key.entity.ts';
import type { SigningKeyRepository } from './signing-key.repository.interface.ts';

const hour = (n: number): Date => new Date(Date.UTC(2026, 0, 1, n));

const aKey = (kid: string, createdAt: Date): SigningKey => ({
  kid,
  privateJwk: { kty: 'OKP', d: kid },
  publicJwk: { kty: 'OKP', x: kid },
  createdAt,
  signsFrom: createdAt,
});

export const signingKeyRepositoryContract = contractSuite<RepositoryStage<SigningKeyRepository>>({
  'the keys are those that were given last, the oldest first': async ({ repository, elsewhere }) => {
    deepStrictEqual(await repository.list(), []);
    const [old, next] = [aKey('z', hour(1)), aKey('a', hour(2))];
    await repository.replace([next, old]);
    deepStrictEqual(await elsewhere.list(), [old, next]);
    const retired = { ...old, retiredAt: hour(3) };
    await repository.replace([retired, next]);
    deepStrictEqual(await repository.list(), [retired, next]);
    await repository.replace([next]);
    deepStrictEqual(await repository.list(), [next]);
  },

  'of two who change the keys at once, the second sees what the first has made': async ({
    repository,
    transaction,
  }) => {
    const add = (kid: string) =>
      transaction(async () => {
        const keys = await repository.listToChange();
        await repository.replace([...keys, aKey(kid, hour(keys.length))]);
      });
    await Promise.all(['a', 'b', 'c'].map(add));
    deepStrictEqual((await repository.list()).map(({ kid }) => kid).sort(), ['a', 'b', 'c']);
  },
});
