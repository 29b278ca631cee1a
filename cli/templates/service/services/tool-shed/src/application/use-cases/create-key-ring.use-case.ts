import type { Clock, Ids, Transactions } from '@ashlar/domain';
import { KeyRing, type KeyRingDraft } from '../../domain/entities/key-ring.entity.ts';
import type { KeyRingRepository } from '../../domain/repositories/key-ring.repository.interface.ts';
import type { KeyRingResponseDTO } from '../dtos/key-ring.dto.ts';
import type { KeyRingMapper } from '../mappers/key-ring.mapper.ts';

export class CreateKeyRingUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly keyRings: KeyRingRepository,
    private readonly mapper: KeyRingMapper,
    private readonly world: { readonly clock: Clock; readonly ids: Ids },
  ) {}

  async execute(draft: Omit<KeyRingDraft, 'id'>): Promise<KeyRingResponseDTO> {
    const { clock, ids } = this.world;
    return this.transactions.transaction(async () => {
      const keyRing = KeyRing.create({ ...draft, id: ids.next() }, clock.now());
      await this.keyRings.save(keyRing);
      return this.mapper.toResponseDTO(keyRing);
    });
  }
}
