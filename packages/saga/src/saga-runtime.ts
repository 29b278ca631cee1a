import { type Clock, DomainError, type Ids, systemTimers, type Timers } from '@ashlar/domain';
import {
  type Consumer,
  type Contract,
  type Duty,
  type Message,
  type MessageContext,
  type Outbox,
  OutdatedError,
  type Outgoing,
  on,
  type Subscription,
  toMessageContext,
} from '@ashlar/messaging';
import type { Stored, UnitOfWork } from '@ashlar/postgres';
import { contextOrNew, parseTraceparent, type RequestContext, runInContext } from '@ashlar/telemetry';
import { commandsOf } from './commands.ts';
import { Deadlines } from './deadlines.ts';
import { repliesOf, type SagaDefinition, stepsOf } from './definition.ts';
import {
  type EngineSettings,
  type Input,
  initialState,
  isPastPivot,
  type Output,
  SagaEngine,
  type SagaState,
  type StepStatus,
} from './engine.ts';
import { faultOfHandlers } from './handlers-form.ts';
import type { SagaCounts, SagaFilter, SagaRecord, SagaStore, SagaView } from './saga-store.ts';

/** What a service does itself while its saga goes on; all of it in the saga's transaction. */
export interface SagaHandlers<S> {
  /** The handlers of local steps, by name. */
  readonly steps?: Readonly<Record<string, { do(saga: S): Promise<unknown>; undo?(saga: S): Promise<unknown> }>>;
  /** Called after a reply that has advanced the saga. */
  replied?(saga: S, message: Message): Promise<unknown>;
  progressed?(saga: S, step: string, status: StepStatus): Promise<unknown>;
  completed?(saga: S): Promise<unknown>;
  /** Which of the saga's data to keep once it has ended; all by default. */
  keep?(saga: S): S;
  compensated?(saga: S, failure: { readonly reason: string; readonly cancelled: boolean }): Promise<unknown>;
}

export interface SagaRuntimeOptions<S extends { readonly id: string }> {
  readonly work: UnitOfWork;
  /** Where the sagas of this name are kept. */
  readonly store: SagaStore;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly ids: Ids;
  /** All that may still be running: every version, in either style. New sagas start with the first. */
  readonly definitions: readonly [SagaDefinition<S>, ...SagaDefinition<S>[]];
  readonly handlers: SagaHandlers<S>;
  /** Milliseconds until a step without a `timeoutMs` of its own times out; 30,000 by default. */
  readonly timeoutMs?: number;
  readonly timers?: Timers;
  readonly onError?: (error: unknown) => void;
}

const STUCK_AFTER = 5;
const MOST_ROUNDS = 1_000;

const styleOf = ({ announce }: Pick<SagaDefinition<never>, 'announce'>) =>
  announce ? ('choreography' as const) : ('orchestration' as const);

/** Runs the sagas of one name: each input, the new state and all that follows from it are one transaction. */
export class SagaRuntime<S extends { readonly id: string }> {
  readonly #store: SagaStore;
  readonly #settings: EngineSettings;
  readonly #options: SagaRuntimeOptions<S>;
  #deadlines: Deadlines | undefined;

  /** Throws an Error when a local step has no handler, or a handler no step: otherwise a saga would fail halfway. */
  constructor(options: SagaRuntimeOptions<S>) {
    const fault = faultOfHandlers(options.definitions, options.handlers.steps);
    if (fault) throw new Error(`The saga ${options.definitions[0].name} cannot run: ${fault}.`);
    this.#options = options;
    this.#store = options.store;
    this.#settings = { timeoutMs: options.timeoutMs ?? 30_000, stuckAfter: STUCK_AFTER };
  }

  /** Starts a saga with the key `data.id`, in the ambient transaction. Throws ConcurrencyError if one has that key. */
  async start(data: S): Promise<void> {
    const { work, ids, definitions } = this.#options;
    await work.transaction(async () => {
      const [definition] = definitions;
      const record: SagaRecord<S> = {
        sagaId: ids.next(),
        name: definition.name,
        definitionVersion: definition.version,
        style: styleOf(definition),
        status: 'running',
        origin: toMessageContext(contextOrNew()),
        progress: initialState(definition, data),
      };
      await this.#advance({ id: data.id, version: 0, state: record }, { type: 'start' });
    });
  }

  /** The replies that the service's consumer has to subscribe to. */
  subscriptions(): Subscription[] {
    const replies = this.#options.definitions.flatMap((definition) => repliesOf(definition));
    const byType = new Map(replies.map((contract) => [contract.type, contract]));
    return [...byType.values()].map((contract) =>
      on(contract, async (message) => {
        const saga = await this.#input(message.subject, { type: 'reply', contract: message.type });
        if (saga) await this.#options.handlers.replied?.(saga, message);
      }),
    );
  }

  /** The commands that the sagas send. */
  commands(): readonly Contract[] {
    return this.#options.definitions.flatMap((definition) => commandsOf(definition));
  }

  /** Loads the sagas of these keys into the transaction at once. */
  async prefetch(keys: readonly string[]): Promise<void> {
    await this.#store.findMany(keys);
  }

  /** Makes the saga compensate, unless it has passed its point of no return (`too_late`). */
  async cancel(key: string): Promise<'cancelled' | 'too_late' | 'ended' | 'unknown'> {
    return this.#options.work.transaction(async () => {
      const stored = await this.#find(key);
      if (!stored) return 'unknown';
      const { progress } = stored.state;
      if (progress.direction === 'ended') return progress.cancelled ? 'cancelled' : 'ended';
      if (isPastPivot(this.#definition(stored.state), progress)) return 'too_late';
      await this.#advance(stored, { type: 'cancel' });
      return 'cancelled';
    });
  }

  /** Tries the step of a stuck saga again, now. Throws `saga_not_stuck` (conflict) or `saga_not_found`. */
  async retry(id: string): Promise<void> {
    const view = await this.#store.view(id);
    if (!view) throw new DomainError('saga_not_found', 'not_found', `There is no saga ${id}.`);
    if (view.status !== 'stuck')
      throw new DomainError('saga_not_stuck', 'conflict', `The saga ${id} is ${view.status}.`);
    await this.#input(view.key, { type: 'retry' });
  }

  list(filter: SagaFilter): Promise<SagaView[]> {
    return this.#store.list(filter);
  }

  view(id: string): Promise<SagaView | undefined> {
    return this.#store.view(id);
  }

  counts(): Promise<SagaCounts> {
    return this.#store.counts();
  }

  /**
   * Fires deadlines, by the database's clock. What passed while nobody was here begins anew, and replies that
   * `consumer` has received go first, so that a service which was down does not time out everything at its return; they
   * may take ten times the time-out at most. Of several replicas that one does it which has the duty.
   */
  async startTimers(consumer: Pick<Consumer, 'settled'>, duty?: Duty): Promise<void> {
    const { onError = () => {} } = this.#options;
    this.#deadlines = new Deadlines({
      ...this.#options,
      timers: this.#options.timers ?? systemTimers,
      onError,
      duty,
      timeoutMs: this.#settings.timeoutMs,
      settled: () => consumer.settled(),
      timeout: (key) => this.#timeout(key),
    });
    await this.#deadlines.start();
  }

  stopTimers(): void {
    this.#deadlines?.stop();
  }

  /** In the trace in which the saga began, and part of the same business transaction. */
  async #timeout(key: string): Promise<void> {
    const origin = contextOfOrigin((await this.#find(key))?.state.origin);
    const timeout = () => this.#input(key, { type: 'timeout' });
    await (origin ? runInContext(origin, timeout) : timeout());
  }

  /** Returns the saga's data if the input has changed its state. */
  async #input(key: string, input: Input): Promise<S | undefined> {
    return this.#options.work.transaction(async () => {
      const stored = await this.#find(key);
      const moved = stored && (await this.#advance(stored, input));
      return moved ? stored.state.progress.data : undefined;
    });
  }

  /** One input and, for local steps, the inputs that follow from it. */
  async #advance({ state: record, ...stored }: Stored<SagaRecord<S>>, first: Input): Promise<boolean> {
    const definition = this.#definition(record);
    const engine = new SagaEngine(definition, this.#settings);
    const at = this.#options.clock.now().toISOString();
    const inputs: Input[] = [first];
    const messages: Outgoing[] = [];
    let progress = record.progress;
    for (let round = 0; inputs.length > 0; round++) {
      if (round > MOST_ROUNDS) throw new Error(`The saga ${record.name} runs in circles.`);
      const [next, outputs] = engine.advance(progress, inputs.shift()!, at);
      progress = next;
      for (const output of outputs) await this.#perform(output, { definition, progress, inputs, messages });
    }
    if (progress === record.progress) return false;
    const { keep } = this.#options.handlers;
    if (progress.direction === 'ended' && keep) progress = { ...progress, data: keep(progress.data) };
    await this.#store.save({ ...stored, state: { ...record, progress } });
    await this.#options.outbox.add(messages);
    return true;
  }

  async #perform(output: Output, { definition, progress, inputs, messages }: Advance<S>): Promise<void> {
    const { handlers } = this.#options;
    switch (output.type) {
      case 'send':
        return void messages.push(output.message);
      case 'local':
        return void inputs.push(await this.#runLocal(definition, output, progress.data));
      case 'progress':
        return void (await handlers.progressed?.(progress.data, output.step, output.status));
      case 'ended':
        if (output.outcome === 'completed') await handlers.completed?.(progress.data);
        else await handlers.compensated?.(progress.data, failureOf(progress));
    }
  }

  async #runLocal(definition: SagaDefinition<S>, { step, action }: LocalWork, data: S): Promise<Input> {
    const handler = this.#options.handlers.steps![step]!;
    // Past the point of no return a refusal cannot lead back: it fails the whole input, which is parked and seen.
    const mayRefuse = action === 'do' && !definition.retriable?.some(({ name }) => name === step);
    try {
      await this.#options.work.transaction(async () => handler[action]?.(data));
      return { type: 'local', step, action };
    } catch (error) {
      if (mayRefuse && error instanceof DomainError) return { type: 'local', step, action, refused: error.code };
      throw error;
    }
  }

  async #find(key: string): Promise<Stored<SagaRecord<S>> | undefined> {
    return (await this.#store.findMany([key])).get(key) as Stored<SagaRecord<S>> | undefined;
  }

  #definition({ name, definitionVersion, style, progress }: SagaRecord): SagaDefinition<S> {
    const { definitions } = this.#options;
    const found = definitions.find(
      (definition) => definition.version === definitionVersion && styleOf(definition) === style,
    );
    if (!found) {
      const what = `Version ${definitionVersion} (${style}) of the saga ${name} is still running, but not here.`;
      const isNewer = definitions.every(({ version }) => version < definitionVersion);
      throw isNewer ? new OutdatedError(what) : new Error(what);
    }
    const isSame =
      stepsOf(found)
        .map((step) => step.name)
        .join('\n') === progress.steps.map((step) => step.name).join('\n');
    if (!isSame)
      throw new Error(
        `Version ${definitionVersion} (${style}) of the saga ${name} has other steps than it began with.`,
      );
    return found;
  }
}

/** Sagas that an earlier version began have none. */
function contextOfOrigin(origin: MessageContext | undefined): RequestContext | undefined {
  const trace = parseTraceparent(origin?.traceparent, origin?.tracestate);
  return trace && { trace, correlationId: origin!.correlationid };
}

type LocalWork = Extract<Output, { type: 'local' }>;

interface Advance<S extends { readonly id: string }> {
  readonly definition: SagaDefinition<S>;
  readonly progress: SagaState<S>;
  readonly inputs: Input[];
  readonly messages: Outgoing[];
}

const failureOf = ({ reason, cancelled }: SagaState<unknown>) => ({
  reason: reason ?? 'failed',
  cancelled: cancelled ?? false,
});
