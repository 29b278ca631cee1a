import type { Clock } from '@ashlar/domain';
import { published } from '../../domain/entities/signing-key.entity.ts';
import type { SigningKeyRepository } from '../../domain/repositories/signing-key.repository.interface.ts';
import type { KeySetResponseDTO } from '../dtos/signing-key.dto.ts';

/** The public halves of the keys whose tokens may still be good. */
export class PublishKeysUseCase {
  constructor(
    private readonly keys: SigningKeyRepository,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<KeySetResponseDTO> {
    const keys = published(await this.keys.list(), this.clock.now());
    return { keys: keys.map(({ publicJwk }) => publicJwk) };
  }
}
