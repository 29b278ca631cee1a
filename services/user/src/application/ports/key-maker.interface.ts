import type { KeyMaterial } from '../../domain/entities/signing-key.entity.ts';

export interface KeyMaker {
  make(): Promise<KeyMaterial>;
}
