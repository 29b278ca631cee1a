import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';

export type Kind = 'event' | 'command';

/** A message that services agree on: its versioned type, where it travels, and the schema of its data. */
export interface Contract<Payload = unknown> {
  readonly kind: Kind;
  /** `order.OrderCreated.v1` */
  readonly type: string;
  /** `order.events`: owned by the service that publishes it; `order.commands`: by the service that is asked. */
  readonly channel: string;
  readonly schema: TSchema;
  /**
   * Exists for the compiler only: the type of the data, worked out once from the schema, where the contract is written.
   */
  readonly payload?: Payload;
}

export type Data<C extends Contract> = Exclude<C['payload'], undefined>;

/** A fact, past tense, owned by the service that publishes it. */
export const event = <S extends TSchema>(type: string, schema: S): Contract<Static<S>> =>
  contract('event', type, schema);

/** A request to a service, owned by that service. */
export const command = <S extends TSchema>(type: string, schema: S): Contract<Static<S>> =>
  contract('command', type, schema);

const TYPE = /^([a-z][a-z0-9-]*)\.[A-Z][A-Za-z0-9]*\.v[1-9][0-9]*$/;

function contract<Payload>(kind: Kind, type: string, schema: TSchema): Contract<Payload> {
  const service = TYPE.exec(type)?.[1];
  if (!service) throw new Error(`"${type}" is no message type; it should look like order.OrderCreated.v1.`);
  return { kind, type, channel: `${service}.${kind}s`, schema };
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
