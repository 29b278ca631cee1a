import type { Change, Direction } from './change.ts';

/** What a difference of two schemas does to the values that they accept. */
export type Effect =
  | 'field removed'
  | 'optional field added'
  | 'required field added'
  | 'field added to a closed object'
  | 'field became required'
  | 'field became optional'
  | 'type changed'
  | 'type narrowed'
  | 'type widened'
  | 'narrowed'
  | 'widened'
  | 'rule replaced'
  | 'default changed'
  | 'not understood';

const SENDERS = 'Whoever sends what was right until now is refused.';
const READERS = 'Whoever reads it as it is recorded meets what they do not expect.';
const KEPT = 'Messages that were said before (outbox, broker, parking lot) no longer keep the contract.';
const LOST = 'What others still send is no longer read, and nobody tells them.';
const MISSED = 'Whoever reads this field no longer finds it.';
const DEFAULTED = 'Whoever leaves it out gets something else than before.';
const UNKNOWN = 'Nobody knows what this does to others, so it counts as breaking.';
const UNLIKE = 'Some values that were right are wrong now, and the other way round.';

/** Whom each effect breaks, by direction; where there is nothing, it breaks nobody. */
const BROKEN: Readonly<Record<Effect, Partial<Record<Direction, string>>>> = {
  'field removed': { request: SENDERS, response: MISSED, command: LOST, event: MISSED },
  'optional field added': {},
  'required field added': { request: SENDERS, command: SENDERS, event: KEPT },
  'field added to a closed object': { response: READERS, event: READERS },
  'field became required': { request: SENDERS, command: SENDERS, event: KEPT },
  'field became optional': { response: MISSED, event: MISSED },
  'type changed': { request: SENDERS, response: READERS, command: SENDERS, event: READERS },
  'type narrowed': { request: SENDERS, command: SENDERS, event: KEPT },
  'type widened': { response: READERS, command: 'A published type does not change.', event: READERS },
  narrowed: { request: SENDERS, command: SENDERS, event: KEPT },
  widened: { response: READERS, event: READERS },
  'rule replaced': { request: UNLIKE, response: UNLIKE, command: UNLIKE, event: UNLIKE },
  'default changed': { request: DEFAULTED, command: DEFAULTED },
  'not understood': { request: UNKNOWN, response: UNKNOWN, command: UNKNOWN, event: UNKNOWN },
};

const FINE: Readonly<Record<Direction, string>> = {
  request: 'Every request that was right still is.',
  response: 'Every reader of the recorded answer understands this one.',
  command: 'Every command that was right still is.',
  event: 'Every reader of the recorded event understands this one.',
};

const REMEDY: Readonly<Record<Direction, string>> = {
  request: 'Keep it as it was, or add another path or an optional field beside it.',
  response: 'Keep it as it was, and add an optional field beside it.',
  command: 'Keep this version, and add the next one (…v2) beside it until nobody sends the old one.',
  event: 'Keep this version, and publish the next one (…v2) beside it until nobody reads the old one.',
};

/** What a change of this effect means in this direction. */
export function verdict(effect: Effect, direction: Direction): Pick<Change, 'breaks' | 'why' | 'remedy'> {
  const why = BROKEN[effect][direction];
  return why ? { breaks: true, why, remedy: REMEDY[direction] } : { breaks: false, why: FINE[direction] };
}
