import { fileURLToPath } from 'node:url';
import type { Clock, Ids, Timers, Transactions } from '@ashlar/domain';
import type { Service, ServiceDefinition, ServicePlatform } from '@ashlar/host';
import { KeyedHash, PersonalVault, PostgresPersonalKeys, personalDataMigrations } from '@ashlar/personal-data';
import { isUniqueViolation, readMigrations } from '@ashlar/postgres';
import { UserMapper } from '../application/mappers/user.mapper.ts';
import type { EmailHashes } from '../application/ports/email-hashes.interface.ts';
import type { KeyMaker } from '../application/ports/key-maker.interface.ts';
import type { PasswordHasher } from '../application/ports/password-hasher.interface.ts';
import type { StoredAnswers } from '../application/ports/stored-answers.interface.ts';
import type { Tokens } from '../application/ports/tokens.interface.ts';
import { ChangePasswordUseCase } from '../application/use-cases/change-password.use-case.ts';
import { ChangeRoleUseCase } from '../application/use-cases/change-role.use-case.ts';
import { CheckAdministratorUseCase } from '../application/use-cases/check-administrator.use-case.ts';
import { EnsureAdministratorUseCase } from '../application/use-cases/ensure-administrator.use-case.ts';
import { EnsureSigningKeyUseCase } from '../application/use-cases/ensure-signing-key.use-case.ts';
import { EraseUserUseCase } from '../application/use-cases/erase-user.use-case.ts';
import { HashEmailUseCase } from '../application/use-cases/hash-email.use-case.ts';
import { HashPasswordUseCase } from '../application/use-cases/hash-password.use-case.ts';
import { ListUsersUseCase } from '../application/use-cases/list-users.use-case.ts';
import { PublishKeysUseCase } from '../application/use-cases/publish-keys.use-case.ts';
import { PurgeSessionsUseCase } from '../application/use-cases/purge-sessions.use-case.ts';
import { RefreshSessionUseCase } from '../application/use-cases/refresh-session.use-case.ts';
import { RegisterUserUseCase } from '../application/use-cases/register-user.use-case.ts';
import { RenameUserUseCase } from '../application/use-cases/rename-user.use-case.ts';
import { RotateSigningKeyUseCase } from '../application/use-cases/rotate-signing-key.use-case.ts';
import { SignInUseCase } from '../application/use-cases/sign-in.use-case.ts';
import { SignOutUseCase } from '../application/use-cases/sign-out.use-case.ts';
import { ViewUserUseCase } from '../application/use-cases/view-user.use-case.ts';
import type { UserApplication } from '../application/user.application.ts';
import { UserError } from '../domain/errors/user.errors.ts';
import type { SessionRepository } from '../domain/repositories/session.repository.interface.ts';
import type { SigningKeyRepository } from '../domain/repositories/signing-key.repository.interface.ts';
import type { UserRepository } from '../domain/repositories/user.repository.interface.ts';
import { Argon2PasswordHasher } from '../infrastructure/passwords/password-hasher.impl.ts';
import { SealedProfiles } from '../infrastructure/repositories/sealed-profiles.ts';
import { PostgresSessionRepository } from '../infrastructure/repositories/session.repository.impl.ts';
import { PostgresSigningKeyRepository } from '../infrastructure/repositories/signing-key.repository.impl.ts';
import { PostgresStoredAnswers } from '../infrastructure/repositories/stored-answers.impl.ts';
import { sealStoredProfiles } from '../infrastructure/repositories/stored-profiles.ts';
import { PostgresUserRepository } from '../infrastructure/repositories/user.repository.impl.ts';
import { Ed25519KeyMaker } from '../infrastructure/tokens/key-maker.impl.ts';
import { JoseTokens } from '../infrastructure/tokens/tokens.impl.ts';
import { administrationController } from '../interface/controllers/administration.controller.ts';
import { sessionController } from '../interface/controllers/session.controller.ts';
import { userController } from '../interface/controllers/user.controller.ts';
import { type CompleteUserSettings, type UserSettings, withDefaults } from './config/config.ts';

export type { UserSettings } from './config/config.ts';

/** What the service needs from outside. Tests and simulations pass their own here, and nowhere else. */
export interface UserAdapters {
  readonly transactions: Transactions;
  readonly users: UserRepository;
  readonly sessions: SessionRepository;
  readonly keys: SigningKeyRepository;
  readonly answers: StoredAnswers;
  readonly hashes: EmailHashes;
  readonly vault: PersonalVault;
  /** Seals what was stored before there were keys. */
  sealStored(): Promise<void>;
  readonly passwords: PasswordHasher;
  readonly tokens: Tokens;
  readonly keyMaker: KeyMaker;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly timers: Timers;
  onError(error: unknown): void;
}

/** The adapters of production. */
export function productionAdapters(platform: ServicePlatform, settings: CompleteUserSettings): UserAdapters {
  const { db, outbox, clock, ids, timers, telemetry } = platform;
  const keys = new PostgresSigningKeyRepository(db);
  const vault = new PersonalVault(new PostgresPersonalKeys(db));
  const hashes = new KeyedHash(db, 'email');
  return {
    transactions: db,
    users: new PostgresUserRepository(db, outbox, new SealedProfiles(vault, hashes)),
    sessions: new PostgresSessionRepository(db),
    keys,
    answers: new PostgresStoredAnswers(db),
    hashes,
    vault,
    sealStored: () => sealStoredProfiles(db, vault, hashes),
    passwords: new Argon2PasswordHasher(),
    tokens: new JoseTokens(keys, settings, { clock, ids }),
    keyMaker: new Ed25519KeyMaker(),
    clock,
    ids,
    timers,
    onError: (error) => telemetry.log.warn({ err: error }, 'Old sessions could not be deleted.'),
  };
}

export const userService = (given: UserSettings): ServiceDefinition => {
  const settings = withDefaults(given);
  return {
    name: 'user',
    migrations: async () => [
      ...(await personalDataMigrations()),
      ...(await readMigrations('user', fileURLToPath(new URL('../../migrations', import.meta.url)))),
    ],
    create: (platform) => createUserService(productionAdapters(platform, settings), settings),
  };
};

function createApplication(adapters: UserAdapters, accessTokenSeconds: number): UserApplication {
  const { transactions, users, sessions, keys, answers, hashes, passwords, tokens, keyMaker, clock, ids } = adapters;
  const mapper = new UserMapper();
  return {
    hashEmail: new HashEmailUseCase(hashes),
    hashPassword: new HashPasswordUseCase(passwords),
    registerUser: new RegisterUserUseCase(transactions, users, mapper, { clock, ids }),
    viewUser: new ViewUserUseCase(users, mapper),
    listUsers: new ListUsersUseCase(users, mapper),
    renameUser: new RenameUserUseCase(transactions, users, mapper),
    changePassword: new ChangePasswordUseCase(transactions, users, sessions, passwords),
    changeRole: new ChangeRoleUseCase(transactions, users, mapper),
    checkAdministrator: new CheckAdministratorUseCase(users),
    ensureAdministrator: new EnsureAdministratorUseCase(transactions, users, passwords, { clock, ids }),
    eraseUser: new EraseUserUseCase(transactions, users, sessions, { answers, hashes }),
    signIn: new SignInUseCase({ users, sessions, passwords, tokens, ids }),
    refreshSession: new RefreshSessionUseCase(transactions, { users, sessions, tokens, clock }),
    signOut: new SignOutUseCase(transactions, sessions),
    purgeSessions: new PurgeSessionsUseCase(sessions, clock),
    publishKeys: new PublishKeysUseCase(keys, clock),
    ensureSigningKey: new EnsureSigningKeyUseCase(transactions, keys, keyMaker, clock),
    rotateSigningKey: new RotateSigningKeyUseCase(transactions, { keys, keyMaker, clock, accessTokenSeconds }),
  };
}

const PURGE_EVERY_MS = 600_000;

const refusalOf = (error: unknown) => (isUniqueViolation(error, 'users_email') ? UserError.emailTaken() : undefined);

export function createUserService(
  adapters: UserAdapters,
  { admin, accessTokenSeconds }: CompleteUserSettings,
): Service & { readonly application: UserApplication } {
  const application = createApplication(adapters, accessTokenSeconds);
  const { ensureAdministrator, ensureSigningKey, purgeSessions } = application;
  let stopPurging = () => {};

  return {
    application,
    routes: [userController(application), administrationController(application), sessionController(application)],
    consumers: [],
    errors: refusalOf,
    vault: adapters.vault,
    async start() {
      await adapters.sealStored();
      await ensureSigningKey.execute();
      // Two replicas may start at once: the slower one finds the administrator that the other has made.
      const ensure = () => ensureAdministrator.execute(admin!);
      if (admin) await ensure().catch((error) => (refusalOf(error) ? ensure() : Promise.reject(error)));
      stopPurging = adapters.timers.every(PURGE_EVERY_MS, () => purgeSessions.execute(), adapters.onError);
    },
    stop: async () => stopPurging(),
  };
}
