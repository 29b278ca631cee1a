import type { KeyRingStatus } from '../../domain/entities/key-ring.entity.ts';

export interface KeyRingResponseDTO {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  readonly status: KeyRingStatus;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
