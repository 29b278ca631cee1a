import type { Outgoing } from '@ashlar/messaging';
import { type AnyStep, describeSilence, type SagaDefinition, stepsOf } from './definition.ts';

export type StepStatus = 'pending' | 'sent' | 'done' | 'refused' | 'timed_out' | 'compensating' | 'compensated';

export interface StepState {
  readonly name: string;
  readonly status: StepStatus;
  readonly attempts: number;
  /** When its status last changed. */
  readonly at?: string;
  readonly error?: string;
}

export type Direction = 'forward' | 'backward' | 'ended';

/** All that a saga remembers. */
export interface SagaState<S> {
  readonly data: S;
  readonly direction: Direction;
  readonly steps: readonly StepState[];
  readonly reason?: string;
  readonly cancelled?: true;
  /** Set when the saga cannot go on by itself, in words; a late reply still moves it. */
  readonly stuck?: string;
  /** Milliseconds to wait for the next reply before a timeout; absent when nothing is awaited. */
  readonly waitMs?: number;
}

export type Input =
  | { readonly type: 'start' }
  | { readonly type: 'reply'; readonly contract: string }
  | { readonly type: 'local'; readonly step: string; readonly action: 'do' | 'undo'; readonly refused?: string }
  | { readonly type: 'timeout' }
  | { readonly type: 'cancel' }
  | { readonly type: 'retry' };

export type Output =
  | { readonly type: 'send'; readonly message: Outgoing }
  | { readonly type: 'local'; readonly step: string; readonly action: 'do' | 'undo' }
  | { readonly type: 'progress'; readonly step: string; readonly status: StepStatus }
  | { readonly type: 'ended'; readonly outcome: 'completed' | 'compensated' };

export interface EngineSettings {
  /** Milliseconds, for steps without a `timeoutMs` of their own. */
  readonly timeoutMs: number;
  /** After how many unanswered attempts a saga is shown as stuck; it keeps trying all the same. */
  readonly stuckAfter: number;
}

const MOST_BACK_OFF = 10;

export const initialState = <S extends { readonly id: string }>(saga: SagaDefinition<S>, data: S): SagaState<S> => ({
  data,
  direction: 'forward',
  steps: stepsOf(saga).map(({ name }) => ({ name, status: 'pending', attempts: 0 })),
});

/** Whether the point of no return has been passed: the pivot's command was sent. */
export const isPastPivot = <S extends { readonly id: string }>(
  definition: SagaDefinition<S>,
  state: SagaState<S>,
): boolean =>
  stepsOf(definition).some(({ kind }, index) => kind !== 'compensatable' && state.steps[index]!.status !== 'pending');

/**
 * The engine: `(definition, state, input) → (state, outputs)`, pure, so that every interleaving of a definition can be
 * explored in memory. An input that changes nothing returns the very same state object.
 */
export class SagaEngine<S extends { readonly id: string }> {
  readonly #steps: readonly AnyStep<S>[];
  readonly #choreographed: boolean;

  constructor(
    private readonly definition: SagaDefinition<S>,
    private readonly settings: EngineSettings,
  ) {
    this.#steps = stepsOf(definition);
    this.#choreographed = definition.announce !== undefined;
  }

  advance(state: SagaState<S>, input: Input, at: string): readonly [SagaState<S>, readonly Output[]] {
    const turn = new Turn(state, at);
    if (state.direction !== 'ended') this.#apply(turn, input);
    return turn.result();
  }

  #apply(turn: Turn<S>, input: Input): void {
    switch (input.type) {
      case 'start':
        return this.#forward(turn);
      case 'reply':
        return this.#reply(turn, input.contract);
      case 'local':
        return this.#local(turn, input);
      case 'timeout':
        return turn.state.waitMs === undefined ? undefined : this.#timeout(turn);
      case 'cancel':
        return this.#cancel(turn);
      case 'retry':
        return turn.state.stuck ? this.#again(turn, 0) : undefined;
    }
  }

  #reply(turn: Turn<S>, contract: string): void {
    const { direction } = turn.state;
    for (const [index, step] of this.#steps.entries()) {
      const { status } = turn.state.steps[index]!;
      if (contract === step.undone?.type) return this.#undone(turn, index);
      if (direction !== 'forward' || !this.#awaited(index, status)) continue;
      if (contract === step.done?.type) return this.#done(turn, index);
      if (contract === step.refused?.type) return this.#refused(turn, index, step.reason ?? 'refused');
    }
  }

  /** In a choreography nobody tells the saga which step runs: one that it does not begin is awaited from the start. */
  #awaited(index: number, status: StepStatus): boolean {
    if (status === 'sent') return true;
    return this.#choreographed && status === 'pending' && !this.#steps[index]!.do;
  }

  #local(turn: Turn<S>, { step: name, action, refused }: Extract<Input, { type: 'local' }>): void {
    const index = this.#steps.findIndex((step) => step.name === name);
    if (action === 'undo') return this.#undone(turn, index);
    if (refused !== undefined) return this.#refused(turn, index, refused);
    return this.#done(turn, index);
  }

  #done(turn: Turn<S>, index: number): void {
    turn.step(index, { status: 'done' });
    turn.unstick();
    this.#forward(turn);
  }

  #refused(turn: Turn<S>, index: number, reason: string): void {
    turn.step(index, { status: 'refused', error: reason });
    turn.set({ direction: 'backward', reason });
    turn.unstick();
    this.#backward(turn);
  }

  /** In a choreography it may be heard before the refusal that it follows from: they come from different sources. */
  #undone(turn: Turn<S>, index: number): void {
    const { direction, steps } = turn.state;
    const { status } = steps[index]!;
    const early = this.#choreographed && direction === 'forward' && (status === 'pending' || status === 'done');
    if (early) return turn.step(index, { status: 'compensated' });
    if (direction !== 'backward' || status !== 'compensating') return;
    turn.step(index, { status: 'compensated' });
    turn.unstick();
    this.#backward(turn);
  }

  #forward(turn: Turn<S>): void {
    const compensatable = this.definition.compensatable.length;
    const next = turn.state.steps.findIndex(({ status }) => status !== 'done');
    if (next === -1) return turn.end('completed');
    const step = this.#steps[next]!;
    if (this.#choreographed && next < compensatable) {
      turn.set({ waitMs: this.#timeoutMs(step) });
      return;
    }
    if (turn.state.steps[next]!.status === 'sent') return;
    turn.step(next, { status: 'sent', attempts: 1 });
    if (step.local) return turn.emit({ type: 'local', step: step.name, action: 'do' });
    turn.send(step.do);
    turn.set({ waitMs: this.#timeoutMs(step) });
  }

  /** Undoes what was sent and not refused: in reverse order, or, in a choreography, all at once. */
  #backward(turn: Turn<S>): void {
    const open = this.#toUndo(turn.state);
    if (open.length === 0) {
      const waiting = turn.state.steps.some(({ status }) => status === 'compensating');
      return waiting ? undefined : turn.end('compensated');
    }
    if (!this.#choreographed && turn.state.steps.some(({ status }) => status === 'compensating')) return;
    for (const index of this.#choreographed ? open : open.slice(-1)) {
      const step = this.#steps[index]!;
      turn.step(index, { status: 'compensating', attempts: 1 });
      if (step.local) turn.emit({ type: 'local', step: step.name, action: 'undo' });
      else turn.send(step.undo);
      turn.set({ waitMs: this.#timeoutMs(step) });
    }
  }

  #toUndo({ steps }: SagaState<S>): number[] {
    const refusedAt = steps.findIndex(({ status }) => status === 'refused');
    const { length } = this.definition.compensatable;
    const last = refusedAt === -1 ? length : Math.min(refusedAt, length);
    return steps.flatMap(({ status }, index) => {
      const sent = status === 'sent' || status === 'done' || status === 'timed_out';
      const mayHaveRun = this.#choreographed && status === 'pending';
      return index < last && (sent || mayHaveRun) ? [index] : [];
    });
  }

  /** In a choreography the step that is missing may be undone by now: its refusal, or that of another, never came. */
  #timeout(turn: Turn<S>): void {
    const { direction, steps } = turn.state;
    const missing = steps.findIndex(({ status }) => status !== 'done');
    const step = this.#steps[missing];
    if (direction === 'forward' && step?.kind === 'compensatable') {
      const isUndone = steps[missing]!.status === 'compensated';
      if (!isUndone) turn.step(missing, { status: 'timed_out', error: 'It did not answer in time.' });
      turn.set({ direction: 'backward', reason: step.timedOut ?? 'timed_out' });
      this.#announce(turn, 'timedOut');
      return this.#backward(turn);
    }
    this.#again(turn);
  }

  #cancel(turn: Turn<S>): void {
    if (isPastPivot(this.definition, turn.state) || turn.state.cancelled) return;
    const wasForward = turn.state.direction === 'forward';
    turn.set({ direction: 'backward', cancelled: true, reason: 'cancelled' });
    turn.unstick();
    if (!wasForward) return;
    this.#announce(turn, 'cancelled');
    this.#backward(turn);
  }

  #announce(turn: Turn<S>, what: 'timedOut' | 'cancelled'): void {
    turn.send(this.definition.announce?.[what]);
  }

  /** Sends again what must be answered in the end: undoings, the pivot, retriable steps. */
  #again(turn: Turn<S>, from?: number): void {
    for (const [index, { status, attempts }] of turn.state.steps.entries()) {
      if (status !== 'sent' && status !== 'compensating') continue;
      const step = this.#steps[index]!;
      const silent = from ?? attempts;
      turn.step(index, { status, attempts: silent + 1 });
      if (status === 'compensating') turn.send(step.undo);
      else turn.send(step.again ?? step.do);
      if (silent >= this.settings.stuckAfter) turn.set({ stuck: describeSilence(step, turn.state, silent) });
      turn.set({ waitMs: this.#timeoutMs(step) * Math.min(2 ** silent, MOST_BACK_OFF) });
    }
    if (turn.state.direction === 'backward') this.#announce(turn, turn.state.cancelled ? 'cancelled' : 'timedOut');
    if (from !== undefined) turn.unstick();
  }

  #timeoutMs({ timeoutMs }: AnyStep<S>): number {
    return timeoutMs ?? this.settings.timeoutMs;
  }
}

/** One step of the engine: the state as it changes, and what follows from it. */
class Turn<S> {
  readonly #outputs: Output[] = [];

  constructor(
    public state: SagaState<S>,
    private readonly at: string,
  ) {}

  set(change: Partial<SagaState<S>>): void {
    this.state = { ...this.state, ...change };
  }

  step(index: number, change: Partial<StepState> & { status: StepStatus }): void {
    const before = this.state.steps[index]!;
    const at = change.status === before.status ? before.at : this.at;
    this.set({ steps: this.state.steps.with(index, { ...before, ...change, ...(at && { at }) }) });
    if (change.status !== before.status)
      this.#outputs.push({ type: 'progress', step: before.name, status: change.status });
  }

  /** Something has answered, or an operator has asked again. */
  unstick(): void {
    const { stuck: _, ...state } = this.state;
    this.state = state;
  }

  send<T extends S>(build: ((saga: T) => Outgoing) | undefined): void {
    if (build) this.#outputs.push({ type: 'send', message: build(this.state.data as T) });
  }

  emit(output: Output): void {
    this.#outputs.push(output);
  }

  end(outcome: 'completed' | 'compensated'): void {
    const { waitMs: _, stuck: __, ...state } = this.state;
    this.state = { ...state, direction: 'ended' };
    this.#outputs.push({ type: 'ended', outcome });
  }

  result(): readonly [SagaState<S>, readonly Output[]] {
    return [this.state, this.#outputs];
  }
}

export type SagaStatus = 'running' | 'compensating' | 'completed' | 'compensated' | 'stuck';

export function statusOf({ direction, stuck, steps }: SagaState<unknown>): SagaStatus {
  if (direction === 'ended') return steps.every(({ status }) => status === 'done') ? 'completed' : 'compensated';
  if (stuck) return 'stuck';
  return direction === 'forward' ? 'running' : 'compensating';
}
