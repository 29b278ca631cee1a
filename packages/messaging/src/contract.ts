import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';

export type Kind = 'event' | 'command';

/** A message that services agree on: its versioned type, where it travels, and the schema of its data. */
export interface Contract<Payload = unknown> {
  readonly kind: Kind;
  /** `order.OrderCreated.v1` */
  readonly type: string;
  /**
   * `order.events`: owned by the service that publishes it; `order.commands`: by the service that is asked;
   * `order.changes`: owned by the service whose read models it feeds.
   */
  readonly channel: string;
  readonly schema: TSchema;
  /** The field of the data that is the key; a message under another key is refused at its source. */
  readonly key?: string;
  /** What the service that is asked says when it has done so, or refuses to; known only where a command tells it. */
  readonly answers?: () => Answers;
  /**
   * Exists for the compiler only: the type of the data, worked out once from the schema, where the contract is written.
   */
  readonly payload?: Payload;
  /** The version before this one, which is still understood: on its way, held, or parked before a deploy. */
  readonly past?: Past<Payload>;
}

/** The events that answer a command. One that cannot be refused is done in the end, however often it is asked. */
export interface Answers {
  readonly done: Contract;
  readonly refused?: Contract;
}

/** An older version of a contract, and how its data become those of the newer one. */
export interface Past<Payload = unknown> {
  readonly contract: Contract;
  // biome-ignore lint/suspicious/noExplicitAny: the data of the older contract, against which they are checked first.
  readonly upcast: (old: any) => Payload;
}

/** `upcast(OrderPlacedV1, ({ n }) => ({ count: n }))`: what a newer version of a contract makes of an older one. */
export const upcast = <Old extends Contract, Payload>(
  contract: Old,
  change: (old: Data<Old>) => Payload,
): Past<Payload> => ({ contract, upcast: change });

export type Data<C extends Contract> = Exclude<C['payload'], undefined>;

/**
 * A fact, past tense, owned by the service that publishes it. One that tells how something stands, for read models,
 * goes by `changes`: on the channel of the facts every consumer would have to move its marks past each of them.
 */
export const event = <S extends TSchema>(
  type: string,
  schema: S,
  { channel = 'events', ...options }: Options<S> & { readonly channel?: 'events' | 'changes' } = {},
): Contract<Static<S>> => contract(channel, { kind: 'event', type, schema, ...options });

/** A request to a service, owned by that service; its answers come from a function, for events are written below. */
export const command = <S extends TSchema>(
  type: string,
  schema: S,
  options?: Options<S> & Pick<Contract, 'answers'>,
): Contract<Static<S>> => contract('commands', { kind: 'command', type, schema, ...options });

interface Options<S extends TSchema> {
  readonly key?: string & keyof Static<S>;
  /** The version before this one, which is still understood. */
  readonly past?: Past<Static<S>>;
}

const TYPE = /^(([a-z][a-z0-9-]*)\.[A-Z][A-Za-z0-9]*)\.v([1-9][0-9]*)$/;

function contract<Payload>(channel: string, given: Omit<Contract<Payload>, 'channel'>): Contract<Payload> {
  const { kind, type, past } = given;
  const [, name, service, version] = TYPE.exec(type) ?? [];
  if (!service) throw new Error(`"${type}" is no message type; it should look like order.OrderCreated.v1.`);
  const [, pastName, , pastVersion] = (past && TYPE.exec(past.contract.type)) ?? [];
  if (past && (past.contract.kind !== kind || pastName !== name || Number(pastVersion) >= Number(version))) {
    throw new Error(`${past.contract.type} is no older version of ${type}.`);
  }
  return { ...given, channel: `${service}.${channel}` };
}

/** Every version of a contract that is understood, the newest first. */
export const versionsOf = (contract: Contract): readonly Contract[] =>
  contract.past ? [contract, ...versionsOf(contract.past.contract)] : [contract];

/**
 * Data of an older version as those of this one, step by step; each step is checked against its contract, and what is
 * wrong is told in words.
 */
export function upToDate(contract: Contract, type: string, data: unknown): { data: unknown } | { wrong: string } {
  const { past } = contract;
  const old = contract.type === type || !past ? { data } : upToDate(past.contract, type, data);
  if ('wrong' in old) return old;
  const today = contract.type === type || !past ? old.data : past.upcast(old.data);
  const wrong = violation(contract, today);
  return wrong === undefined ? { data: today } : { wrong: `${contract.type}: ${wrong}` };
}

const validators = new WeakMap<Contract, Validator>();

/** What is wrong with this data, in words; nothing if it keeps the contract. */
export function violation(contract: Contract, data: unknown): string | undefined {
  let validator = validators.get(contract);
  if (!validator) {
    validator = Compile(contract.schema);
    validators.set(contract, validator);
  }
  if (validator.Check(data)) return undefined;
  return validator
    .Errors(data)
    .map(({ instancePath, message }) => `${instancePath || '/'} ${message}`)
    .join('; ');
}
