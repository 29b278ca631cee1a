import type { KeyRing } from '../../domain/entities/key-ring.entity.ts';
import type { KeyRingResponseDTO } from '../dtos/key-ring.dto.ts';

export class KeyRingMapper {
  toResponseDTO({ state }: KeyRing): KeyRingResponseDTO {
    const { id, ownerId, name, status, version, createdAt, updatedAt } = state;
    return { id, ownerId, name, status, version, createdAt, updatedAt };
  }
}
