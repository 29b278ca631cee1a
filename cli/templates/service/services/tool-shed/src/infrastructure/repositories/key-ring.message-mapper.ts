import { KeyRingArchived, KeyRingChanged, KeyRingCreated } from '@ashlar/contracts/tool-shed';
import { type Outgoing, outgoing } from '@ashlar/messaging';
import type { KeyRingEvent } from '../../domain/events/key-ring.events.ts';

const CONTRACTS = { KeyRingCreated, KeyRingChanged, KeyRingArchived } as const;

/** The one place that decides what other services learn. */
export function toMessage({ type, keyRing }: KeyRingEvent): Outgoing {
  const { id: keyRingId, ownerId, version } = keyRing;
  return outgoing(CONTRACTS[type], keyRingId, { keyRingId, ownerId, version });
}
