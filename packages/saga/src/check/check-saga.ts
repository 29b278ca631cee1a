import type { SagaDefinition } from '../definition.ts';
import { faultOfForm, isReadable } from '../definition-form.ts';
import type { SagaHandlers } from '../saga-runtime.ts';
import { type Counterexample, counterexample } from './counterexample.ts';
import { Exploration } from './exploration.ts';
import { Model } from './model.ts';
import { type Observed, ObservedSaga } from './observed-saga.ts';
import type { Reaction } from './reactions.ts';
import { sampleData } from './sample-data.ts';
import { Wiring } from './wiring.ts';

/** What is checked besides the definition, and how far. */
export interface CheckOptions<S extends { readonly id: string }> {
  /** What a saga of this kind knows; the messages that are made of it have to keep their contracts then. */
  readonly data?: S;
  /**
   * The handlers of local steps; each step that may have to be undone needs its undo then, and each handler a local
   * step.
   */
  readonly handlers?: Pick<SagaHandlers<S>, 'steps'>;
  /** Other versions that run with the same handlers: these may be of their steps as well. */
  readonly alongside?: readonly SagaDefinition<never>[];
  /** The table of a choreography: who acts upon what. By default each acts upon the success of the one before it. */
  readonly reactions?: readonly Reaction[];
  /** Whether one flaw is enough; it is a shortest one. */
  readonly stopAtFirst?: boolean;
  /** Past so many states the check gives up and throws; a million by default. */
  readonly mostStates?: number;
  /** What decides instead of the engine, where a test wants to know whether a wrong one would be found. */
  readonly engine?: Observed<S>['engine'];
}

/** What a check has come to. */
export interface CheckResult {
  /** How many states of saga, participants and messages can be reached. */
  readonly states: number;
  /** How many moves there are in them, those that rightly change nothing included. */
  readonly moves: number;
  /** `completed`, or why it was not. */
  readonly endings: readonly string[];
  /** The shortest way to each flaw; none where every way ends well. */
  readonly flaws: readonly Counterexample[];
}

/**
 * Walks every state that a saga and its participants can reach, with the engine that runs it, and proves that each way
 * through it keeps the laws (`LAWS`). At every moment any message under way may be heard, or discarded by an operator;
 * participants accept or refuse; a saga that waits may time out; it may be cancelled; one that is stuck may be retried.
 *
 * The states are finite, because of four bounds that hide nothing:
 * - Tries are counted until the saga is stuck, which it is after one; twenty more are made to see that they are alike.
 * - A message is under way to somebody once at most. Hearing it twice is hearing it and then hearing it again, and that
 *   an answer which comes again changes nothing is proved in every state. Participants handle no message twice, for
 *   their inboxes drop it; what is asked again they hear again, and answer as before.
 * - Answers that come after the saga has turned back or ended are not kept under way, because it is proved in every
 *   state that they change nothing: whenever they come, all goes on as if they had not.
 * - There are no clocks: a time-out may come whenever something is awaited. Of the data only contract and key matter.
 *
 * A crash adds no states: what is rolled back has changed nothing and comes again, which must lead to the same; what
 * was committed and comes again is a repetition.
 *
 * Throws where there is no definition to walk: something whose steps cannot be listed.
 */
export const checkSaga = <S extends { readonly id: string }>(
  definition: SagaDefinition<S>,
  options: CheckOptions<S> = {},
): CheckResult => check(definition as SagaDefinition<never>, options as CheckOptions<never>);

/** What a saga knows is nobody's business in here. */
function check(definition: SagaDefinition<never>, options: CheckOptions<never>): CheckResult {
  if (!isReadable(definition)) throw new TypeError(faultOfForm(definition));
  const { data = sampleData<never>(), handlers, reactions, engine } = options;
  const { mostStates = 1_000_000, stopAtFirst = false } = options;
  const { id: sagaId } = data as { readonly id: string };
  const known = { sagaId, data, isReal: options.data !== undefined };
  const wiring = new Wiring(definition, { ...known, handlers, alongside: options.alongside, reactions });
  const model = new Model(wiring, new ObservedSaga(wiring, { definition, data, engine }));
  const { states, moves, endings, findings } = new Exploration(model, { mostStates, stopAtFirst }).walk();
  return { states, moves, endings, flaws: findings.map(({ path, flaw }) => counterexample(model, path, flaw)) };
}
