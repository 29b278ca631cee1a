import { event } from '@ashlar/messaging';
import Type from 'typebox';

const OfUser = Type.Object({ userId: Type.String() });

export const UserRegistered = event('user.UserRegistered.v1', OfUser, { key: 'userId' });

/** Whoever keeps personal data of this user erases it now. */
export const UserErased = event('user.UserErased.v1', OfUser, { key: 'userId' });
