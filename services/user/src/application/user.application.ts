import type { ChangePasswordUseCase } from './use-cases/change-password.use-case.ts';
import type { ChangeRoleUseCase } from './use-cases/change-role.use-case.ts';
import type { CheckAdministratorUseCase } from './use-cases/check-administrator.use-case.ts';
import type { EnsureAdministratorUseCase } from './use-cases/ensure-administrator.use-case.ts';
import type { EnsureSigningKeyUseCase } from './use-cases/ensure-signing-key.use-case.ts';
import type { EraseUserUseCase } from './use-cases/erase-user.use-case.ts';
import type { HashEmailUseCase } from './use-cases/hash-email.use-case.ts';
import type { HashPasswordUseCase } from './use-cases/hash-password.use-case.ts';
import type { ListUsersUseCase } from './use-cases/list-users.use-case.ts';
import type { PublishKeysUseCase } from './use-cases/publish-keys.use-case.ts';
import type { PurgeSessionsUseCase } from './use-cases/purge-sessions.use-case.ts';
import type { RefreshSessionUseCase } from './use-cases/refresh-session.use-case.ts';
import type { RegisterUserUseCase } from './use-cases/register-user.use-case.ts';
import type { RenameUserUseCase } from './use-cases/rename-user.use-case.ts';
import type { RotateSigningKeyUseCase } from './use-cases/rotate-signing-key.use-case.ts';
import type { SignInUseCase } from './use-cases/sign-in.use-case.ts';
import type { SignOutUseCase } from './use-cases/sign-out.use-case.ts';
import type { ViewUserUseCase } from './use-cases/view-user.use-case.ts';

/** Everything that this service can do. */
export interface UserApplication {
  readonly hashEmail: HashEmailUseCase;
  readonly hashPassword: HashPasswordUseCase;
  readonly registerUser: RegisterUserUseCase;
  readonly viewUser: ViewUserUseCase;
  readonly listUsers: ListUsersUseCase;
  readonly renameUser: RenameUserUseCase;
  readonly changePassword: ChangePasswordUseCase;
  readonly changeRole: ChangeRoleUseCase;
  readonly checkAdministrator: CheckAdministratorUseCase;
  readonly ensureAdministrator: EnsureAdministratorUseCase;
  readonly eraseUser: EraseUserUseCase;
  readonly signIn: SignInUseCase;
  readonly refreshSession: RefreshSessionUseCase;
  readonly signOut: SignOutUseCase;
  readonly purgeSessions: PurgeSessionsUseCase;
  readonly publishKeys: PublishKeysUseCase;
  readonly ensureSigningKey: EnsureSigningKeyUseCase;
  readonly rotateSigningKey: RotateSigningKeyUseCase;
}
