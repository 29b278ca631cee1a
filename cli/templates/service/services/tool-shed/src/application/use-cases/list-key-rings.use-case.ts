import type { KeyRingFilter, KeyRingRepository } from '../../domain/repositories/key-ring.repository.interface.ts';
import type { KeyRingResponseDTO } from '../dtos/key-ring.dto.ts';
import type { KeyRingMapper } from '../mappers/key-ring.mapper.ts';

export class ListKeyRingsUseCase {
  constructor(
    private readonly keyRings: KeyRingRepository,
    private readonly mapper: KeyRingMapper,
  ) {}

  async execute(filter: KeyRingFilter): Promise<KeyRingResponseDTO[]> {
    return (await this.keyRings.list(filter)).map((keyRing) => this.mapper.toResponseDTO(keyRing));
  }
}
