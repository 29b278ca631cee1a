import { fileURLToPath } from 'node:url';
import type { Clock, Ids, Transactions } from '@ashlar/domain';
import type { Service, ServiceDefinition, ServicePlatform } from '@ashlar/host';
import { PersonalVault, PostgresPersonalKeys, personalDataMigrations } from '@ashlar/personal-data';
import { isUniqueViolation, readMigrations } from '@ashlar/postgres';
import { KeyRingMapper } from '../application/mappers/key-ring.mapper.ts';
import type { PersonalData } from '../application/ports/personal-data.interface.ts';
import type { StoredAnswers } from '../application/ports/stored-answers.interface.ts';
import type { ToolShedApplication } from '../application/tool-shed.application.ts';
import { ArchiveKeyRingUseCase } from '../application/use-cases/archive-key-ring.use-case.ts';
import { ChangeKeyRingUseCase } from '../application/use-cases/change-key-ring.use-case.ts';
import { CreateKeyRingUseCase } from '../application/use-cases/create-key-ring.use-case.ts';
import { EraseOwnerUseCase } from '../application/use-cases/erase-owner.use-case.ts';
import { GetKeyRingUseCase } from '../application/use-cases/get-key-ring.use-case.ts';
import { ListKeyRingsUseCase } from '../application/use-cases/list-key-rings.use-case.ts';
import { KeyRingError } from '../domain/errors/key-ring.errors.ts';
import type { KeyRingRepository } from '../domain/repositories/key-ring.repository.interface.ts';
import { PostgresKeyRingRepository } from '../infrastructure/repositories/key-ring.repository.impl.ts';
import { PostgresStoredAnswers } from '../infrastructure/stored-answers/stored-answers.impl.ts';
import { userPolicy } from '../interface/consumers/user.policy.ts';
import { keyRingController } from '../interface/controllers/key-ring.controller.ts';

/** What the service needs from outside. Tests and simulations pass their own here, and nowhere else. */
export interface ToolShedAdapters {
  readonly transactions: Transactions;
  readonly keyRings: KeyRingRepository;
  readonly answers: StoredAnswers;
  readonly personalData: PersonalData;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** The adapters of production. */
function productionAdapters({ db, outbox, clock, ids }: ServicePlatform): ToolShedAdapters {
  return {
    transactions: db,
    keyRings: new PostgresKeyRingRepository(db, outbox),
    answers: new PostgresStoredAnswers(db),
    personalData: new PersonalVault(new PostgresPersonalKeys(db)),
    clock,
    ids,
  };
}

export const toolShedService = (): ServiceDefinition => ({
  name: 'tool-shed',
  migrations: async () => [
    ...(await personalDataMigrations()),
    ...(await readMigrations('tool-shed', fileURLToPath(new URL('../../migrations', import.meta.url)))),
  ],
  create: (platform) => createToolShedService(productionAdapters(platform)),
});

export function createToolShedService(
  adapters: ToolShedAdapters,
): Service & { readonly application: ToolShedApplication } {
  const { transactions, keyRings, answers, personalData, clock, ids } = adapters;
  const mapper = new KeyRingMapper();

  const application: ToolShedApplication = {
    createKeyRing: new CreateKeyRingUseCase(transactions, keyRings, mapper, { clock, ids, personalData }),
    getKeyRing: new GetKeyRingUseCase(keyRings, mapper),
    listKeyRings: new ListKeyRingsUseCase(keyRings, mapper),
    changeKeyRing: new ChangeKeyRingUseCase(transactions, keyRings, mapper, clock),
    archiveKeyRing: new ArchiveKeyRingUseCase(transactions, keyRings, clock),
    eraseOwner: new EraseOwnerUseCase(transactions, keyRings, answers, personalData),
  };

  return {
    application,
    routes: [keyRingController(application)],
    consumers: [{ name: 'tool-shed.personal-data', subscriptions: userPolicy(application) }],
    errors: (error) => (isUniqueViolation(error, 'key_rings_name') ? KeyRingError.nameTaken() : undefined),
  };
}
