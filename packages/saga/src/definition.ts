import { type Contract, type Data, type Outgoing, outgoing } from '@ashlar/messaging';
import { faultOfForm } from './definition-form.ts';

/** Builds one message of a saga from what the saga knows. */
export type Send<S> = (saga: S) => Outgoing;

/** `send(ReserveStock, (order) => ({ … }))`: a message under the saga's key, so each participant gets them in order. */
export const send =
  <C extends Contract, S extends { readonly id: string }>(contract: C, data: (saga: S) => Data<C>): Send<S> =>
  (saga) =>
    outgoing(contract, saga.id, data(saga));

interface Named {
  readonly name: string;
  /** Milliseconds until the step times out; the runtime's `timeoutMs` by default. */
  readonly timeoutMs?: number;
}

/** A step by message. In a choreography `do` is left out: the participants act on each other's events. */
export interface Step<S> extends Named {
  readonly do?: Send<S>;
  readonly done: Contract;
  /** Sent instead of `do` when a step past the point of no return has not answered in time; `do` by default. */
  readonly again?: Send<S>;
}

export interface RefusableStep<S> extends Step<S> {
  readonly refused: Contract;
  /** Why the saga fails when this step is refused. */
  readonly reason: string;
}

export interface CompensatableStep<S> extends Omit<RefusableStep<S>, 'again'> {
  readonly undo?: Send<S>;
  readonly undone: Contract;
  /** Why the saga fails when this step does not answer in time. */
  readonly timedOut: string;
}

/**
 * A step in the saga's own database: its handler shares the saga's transaction, and refuses by throwing a DomainError.
 * Among the retriable steps that is no refusal but a failure: the input is rolled back and comes again.
 */
export interface LocalStep extends Named {
  readonly local: true;
}

/** What a choreography announces when everything is to be undone; each participant answers, known saga or not. */
export interface Announcements<S> {
  readonly timedOut: Send<S>;
  readonly cancelled: Send<S>;
}

/**
 * A process as data. Compensatable steps come first and each knows its undo; then one pivot, the point of no return;
 * then steps that are tried until they succeed. A running saga keeps the version that it started with.
 */
export interface SagaDefinition<S extends { readonly id: string }> {
  readonly name: string;
  readonly version: number;
  readonly compensatable: readonly (CompensatableStep<S> | LocalStep)[];
  readonly pivot?: RefusableStep<S> | LocalStep;
  readonly retriable?: readonly (Step<S> | LocalStep)[];
  /** Present in a choreography, and only there. */
  readonly announce?: Announcements<S>;
}

/**
 * Checks a definition and returns it. Throws an Error when it is malformed, has two steps of one name, or a step that
 * cannot be begun or undone.
 */
export const defineSaga = <S extends { readonly id: string }>(definition: SagaDefinition<S>): SagaDefinition<S> => {
  const malformed = faultOfForm(definition);
  if (malformed !== undefined) throw new Error(malformed);
  const names = stepsOf(definition).map(({ name }) => name);
  if (new Set(names).size < names.length) throw new Error(`The saga ${definition.name} has two steps of one name.`);
  const wrong = stepsOf(definition).find((step) =>
    definition.announce ? isLocalAndUndoable(step) : lacksMessage(step),
  );
  if (wrong) {
    const why = definition.announce ? 'nobody begins it in a choreography' : 'it lacks what it has to send';
    throw new Error(`The step ${wrong.name} of the saga ${definition.name} cannot work: ${why}.`);
  }
  return definition;
};

const lacksMessage = <S>({ kind, local, do: send, undo }: AnyStep<S>): boolean =>
  !local && (!send || (kind === 'compensatable' && !undo));

const isLocalAndUndoable = <S>({ kind, local }: AnyStep<S>): boolean => kind === 'compensatable' && local === true;

export type StepKind = 'compensatable' | 'pivot' | 'retriable';

export interface AnyStep<S> extends Named {
  readonly kind: StepKind;
  readonly local?: true;
  readonly do?: Send<S>;
  readonly again?: Send<S>;
  readonly done?: Contract;
  readonly refused?: Contract;
  readonly reason?: string;
  readonly undo?: Send<S>;
  readonly undone?: Contract;
  readonly timedOut?: string;
}

/** All steps in their order, each with its kind. */
export const stepsOf = <S extends { readonly id: string }>(definition: SagaDefinition<S>): readonly AnyStep<S>[] => [
  ...definition.compensatable.map((step) => ({ ...step, kind: 'compensatable' as const })),
  ...(definition.pivot ? [{ ...definition.pivot, kind: 'pivot' as const }] : []),
  ...(definition.retriable ?? []).map((step) => ({ ...step, kind: 'retriable' as const })),
];

/** Every reply that a saga listens to. */
export const repliesOf = <S extends { readonly id: string }>(definition: SagaDefinition<S>): readonly Contract[] =>
  stepsOf(definition).flatMap(({ done, refused, undone }) =>
    [done, refused, undone].filter((reply) => reply !== undefined),
  );

interface Waiting<S> {
  readonly data: S;
  readonly direction: string;
}

/** Tells an operator which step does not answer, and where to look: its command may be a dead letter. */
export function describeSilence<S>(step: AnyStep<S>, { data, direction }: Waiting<S>, times: number): string {
  const asked = (direction === 'backward' ? step.undo : (step.again ?? step.do))?.(data);
  const where = asked ? `; look for ${asked.contract.type} among the dead letters` : '';
  return `${step.name} has not answered ${times} times${where}.`;
}
