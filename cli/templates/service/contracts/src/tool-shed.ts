import { event } from '@ashlar/messaging';
import Type from 'typebox';

/** The name is not told: whoever hears it would have to forget it when its owner leaves. */
const KeyRing = Type.Object({ keyRingId: Type.String(), ownerId: Type.String(), version: Type.Integer() });

export const KeyRingCreated = event('tool-shed.KeyRingCreated.v1', KeyRing, { key: 'keyRingId' });
export const KeyRingChanged = event('tool-shed.KeyRingChanged.v1', KeyRing, { key: 'keyRingId' });
export const KeyRingArchived = event('tool-shed.KeyRingArchived.v1', KeyRing, { key: 'keyRingId' });
