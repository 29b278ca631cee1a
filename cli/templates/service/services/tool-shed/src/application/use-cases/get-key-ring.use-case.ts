import type { KeyRingRepository } from '../../domain/repositories/key-ring.repository.interface.ts';
import type { KeyRingResponseDTO } from '../dtos/key-ring.dto.ts';
import type { KeyRingMapper } from '../mappers/key-ring.mapper.ts';
import { findForViewer, type Viewer } from './find-for-viewer.ts';

/** Also for an archived one. */
export class GetKeyRingUseCase {
  constructor(
    private readonly keyRings: KeyRingRepository,
    private readonly mapper: KeyRingMapper,
  ) {}

  async execute(id: string, viewer: Viewer): Promise<KeyRingResponseDTO> {
    return this.mapper.toResponseDTO(await findForViewer(this.keyRings, id, viewer));
  }
}
