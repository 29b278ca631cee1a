import type { Clock, Ids, Transactions } from '@ashlar/domain';
import { KeyRing, type KeyRingDraft } from '../../domain/entities/key-ring.entity.ts';
import { KeyRingError } from '../../domain/errors/key-ring.errors.ts';
import type { KeyRingRepository } from '../../domain/repositories/key-ring.repository.interface.ts';
import type { KeyRingResponseDTO } from '../dtos/key-ring.dto.ts';
import type { KeyRingMapper } from '../mappers/key-ring.mapper.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';

/** A process that was frozen may carry a request out after its user has left: that is refused. */
export class CreateKeyRingUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly keyRings: KeyRingRepository,
    private readonly mapper: KeyRingMapper,
    private readonly ports: { readonly clock: Clock; readonly ids: Ids; readonly personalData: PersonalData },
  ) {}

  async execute(draft: Omit<KeyRingDraft, 'id'>): Promise<KeyRingResponseDTO> {
    const { clock, ids, personalData } = this.ports;
    return this.transactions.transaction(async () => {
      if (await personalData.isErased(draft.ownerId)) throw KeyRingError.ownerHasLeft();
      const keyRing = KeyRing.create({ ...draft, id: ids.next() }, clock.now());
      await this.keyRings.save(keyRing);
      return this.mapper.toResponseDTO(keyRing);
    });
  }
}
