import { UserErased, UserRegistered } from '@ashlar/contracts/user';
import { type Outgoing, outgoing } from '@ashlar/messaging';
import type { UserEvent } from '../../domain/events/user.events.ts';

const CONTRACTS = { UserRegistered, UserErased } as const;

/** The one place that decides what other services learn of a user. */
export const toMessage = ({ type, userId }: UserEvent): Outgoing => outgoing(CONTRACTS[type], userId, { userId });
