import type { Clock, Transactions } from '@ashlar/domain';
import type { KeyRingDetails } from '../../domain/entities/key-ring.entity.ts';
import type { KeyRingRepository } from '../../domain/repositories/key-ring.repository.interface.ts';
import type { KeyRingResponseDTO } from '../dtos/key-ring.dto.ts';
import type { KeyRingMapper } from '../mappers/key-ring.mapper.ts';
import { findForViewer, type Viewer } from './find-for-viewer.ts';

export interface ChangeKeyRing {
  readonly id: string;
  readonly viewer: Viewer;
  readonly changes: Partial<KeyRingDetails>;
  /** Throws where the client means another version than this one. */
  readonly mayChange: (version: number) => void;
}

export class ChangeKeyRingUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly keyRings: KeyRingRepository,
    private readonly mapper: KeyRingMapper,
    private readonly clock: Clock,
  ) {}

  async execute({ id, viewer, changes, mayChange }: ChangeKeyRing): Promise<KeyRingResponseDTO> {
    return this.transactions.transaction(async () => {
      const keyRing = await findForViewer(this.keyRings, id, viewer);
      mayChange(keyRing.state.version);
      keyRing.change(changes, this.clock.now());
      await this.keyRings.save(keyRing);
      return this.mapper.toResponseDTO(keyRing);
    });
  }
}
