import { DomainError } from '@ashlar/domain';

export const KeyRingError = {
  notFound: (id: string) => new DomainError('key_ring_not_found', 'not_found', `There is no key ring ${id}.`),
  notYours: () => new DomainError('forbidden', 'forbidden', 'This key ring belongs to someone else.'),
  ownerHasLeft: () => new DomainError('unauthenticated', 'unauthenticated', 'The user of this token has left.'),
  nameTaken: () => new DomainError('name_taken', 'conflict', 'There is an active key ring with this name already.'),
  archived: (id: string) => new DomainError('key_ring_archived', 'conflict', `The key ring ${id} is archived.`),
};
