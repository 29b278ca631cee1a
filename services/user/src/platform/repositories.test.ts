import { fileURLToPath } from 'node:url';
import { usePostgresRepositories } from '@ashlar/messaging/contract-suites';
import { KeyedHash, PersonalVault, PostgresPersonalKeys, personalDataMigrations } from '@ashlar/personal-data';
import { readMigrations, databaseMissing as skip } from '@ashlar/postgres';
import { onMemory, type SimulatedPlatform } from '@ashlar/simulation';
import { sessionRepositoryContract } from '../domain/repositories/session.repository.contract.ts';
import { signingKeyRepositoryContract } from '../domain/repositories/signing-key.repository.contract.ts';
import { userRepositoryContract } from '../domain/repositories/user.repository.contract.ts';
import { SealedProfiles } from '../infrastructure/repositories/sealed-profiles.ts';
import { PostgresSessionRepository } from '../infrastructure/repositories/session.repository.impl.ts';
import { PostgresSigningKeyRepository } from '../infrastructure/repositories/signing-key.repository.impl.ts';
import { PostgresUserRepository } from '../infrastructure/repositories/user.repository.impl.ts';
import {
  MemorySessionRepository,
  MemorySigningKeyRepository,
  MemoryUserRepository,
} from './simulation.repositories.ts';

const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));
const onPostgres = usePostgresRepositories(async () => [
  ...(await personalDataMigrations()),
  ...(await readMigrations('user', migrations)),
]);
const OWNERS = `insert into users (id, version, state) values ('ada', 1, '{}'), ('bob', 1, '{}')`;

userRepositoryContract('users on PostgreSQL', {
  makeStage: onPostgres((db, outbox) => {
    const vault = new PersonalVault(new PostgresPersonalKeys(db));
    return new PostgresUserRepository(db, outbox, new SealedProfiles(vault, new KeyedHash(db, 'email')));
  }),
  skip,
});
userRepositoryContract('users on memory', {
  makeStage: onMemory((platform) => new MemoryUserRepository(platform)),
});

sessionRepositoryContract('sessions on PostgreSQL', {
  makeStage: async (t) => {
    const databases: { execute(sql: string): Promise<unknown> }[] = [];
    const stage = await onPostgres((db) => {
      databases.push(db);
      return new PostgresSessionRepository(db);
    })(t);
    await databases[0]!.execute(OWNERS);
    return stage;
  },
  skip,
});
sessionRepositoryContract('sessions on memory', {
  makeStage: onMemory((platform: SimulatedPlatform) => {
    for (const id of ['ada', 'bob']) platform.stored.table('users').set(id, { id, version: 1, state: {} });
    return new MemorySessionRepository(platform);
  }),
});

signingKeyRepositoryContract('signing keys on PostgreSQL', {
  makeStage: onPostgres((db) => new PostgresSigningKeyRepository(db)),
  skip,
});
signingKeyRepositoryContract('signing keys on memory', {
  makeStage: onMemory((platform) => new MemorySigningKeyRepository(platform)),
});
