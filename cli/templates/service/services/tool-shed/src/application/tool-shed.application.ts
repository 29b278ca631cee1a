import type { ArchiveKeyRingUseCase } from './use-cases/archive-key-ring.use-case.ts';
import type { ChangeKeyRingUseCase } from './use-cases/change-key-ring.use-case.ts';
import type { CreateKeyRingUseCase } from './use-cases/create-key-ring.use-case.ts';
import type { EraseOwnerUseCase } from './use-cases/erase-owner.use-case.ts';
import type { GetKeyRingUseCase } from './use-cases/get-key-ring.use-case.ts';
import type { ListKeyRingsUseCase } from './use-cases/list-key-rings.use-case.ts';

/** Everything that this service can do. */
export interface ToolShedApplication {
  readonly createKeyRing: CreateKeyRingUseCase;
  readonly getKeyRing: GetKeyRingUseCase;
  readonly listKeyRings: ListKeyRingsUseCase;
  readonly changeKeyRing: ChangeKeyRingUseCase;
  readonly archiveKeyRing: ArchiveKeyRingUseCase;
  readonly eraseOwner: EraseOwnerUseCase;
}
