import type { KeyRing } from '../../domain/entities/key-ring.entity.ts';
import { KeyRingError } from '../../domain/errors/key-ring.errors.ts';
import type { KeyRingRepository } from '../../domain/repositories/key-ring.repository.interface.ts';

export interface Viewer {
  readonly id: string;
  readonly role: string;
}

/** For its owner and for administrators; nobody else may see or change it. */
export async function findForViewer(keyRings: KeyRingRepository, id: string, viewer: Viewer): Promise<KeyRing> {
  const keyRing = await keyRings.find(id);
  if (!keyRing) throw KeyRingError.notFound(id);
  if (keyRing.state.ownerId !== viewer.id && viewer.role !== 'admin') throw KeyRingError.notYours();
  return keyRing;
}
