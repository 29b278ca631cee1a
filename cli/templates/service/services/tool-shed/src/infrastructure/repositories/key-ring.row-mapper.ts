import type { Stored } from '@ashlar/postgres';
import { KeyRing, type KeyRingState } from '../../domain/entities/key-ring.entity.ts';

/** The columns, with times as JSON has them. */
export interface KeyRingColumns extends Omit<KeyRingState, 'id' | 'version' | 'createdAt' | 'updatedAt'> {
  readonly createdAt: string | Date;
  readonly updatedAt: string | Date;
}

export type KeyRingRow = Stored<KeyRingColumns>;

/** The columns as one JSON object. */
export const COLUMNS = `json_build_object('ownerId', owner_id, 'name', name, 'status', status,
  'createdAt', created_at, 'updatedAt', updated_at)`;

export const toKeyRing = ({ id, version, state }: KeyRingRow): KeyRing =>
  KeyRing.restore({
    ...state,
    id,
    version,
    createdAt: new Date(state.createdAt),
    updatedAt: new Date(state.updatedAt),
  });
