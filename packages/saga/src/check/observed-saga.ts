import type { Outgoing } from '@ashlar/messaging';
import type { SagaDefinition } from '../definition.ts';
import {
  type EngineSettings,
  type Input,
  initialState,
  type Output,
  SagaEngine,
  type SagaState,
  type StepStatus,
} from '../engine.ts';
import type { Flaw } from './flaw.ts';
import { localNews } from './reactions.ts';
import { flawOfTurn } from './turn-laws.ts';
import type { Wiring } from './wiring.ts';

/** What decides: the engine, or what a test of the check puts in its place. */
export type Engine<S extends { readonly id: string }> = Pick<SagaEngine<S>, 'advance'>;

/** A saga as it is seen from outside: its state, what it has asked for, and what it has heard. */
export interface Side {
  readonly id: number;
  readonly state: SagaState<never>;
  /** The steps that it has asked for. */
  readonly asked: ReadonlySet<number>;
  /** The answers that it has heard, as far as they might still be heeded. */
  readonly heard: ReadonlySet<string>;
  readonly outcome: 'completed' | 'compensated' | undefined;
}

/** What has become of a step where it is done. */
export interface Deed {
  readonly step: number;
  readonly what: 'done' | 'refused' | 'undone';
}

/** What a saga asks of a participant, or of itself. */
export interface Ask {
  readonly action: 'do' | 'undo';
  readonly step: number;
}

/** One way in which a saga goes on: where it stands then, and what it did and said on the way. */
export interface Turn {
  readonly side: Side;
  /** What it has asked for the first time, and what it has done itself, in this order. */
  readonly course: readonly (Ask | Deed)[];
  readonly said: readonly string[];
  readonly flaw?: Flaw | undefined;
}

/** An input that ought to change nothing, and does. */
interface Disturbance {
  readonly input: Input;
  readonly flaw: Flaw;
}

/** What is observed: a definition, with the data of one saga, and what decides. */
export interface Observed<S extends { readonly id: string }> {
  readonly definition: SagaDefinition<S>;
  readonly data: S;
  readonly engine?: ((definition: SagaDefinition<S>, settings: EngineSettings) => Engine<S>) | undefined;
}

/** After one silent try a saga is stuck; all later tries are alike. */
const SETTINGS: EngineSettings = { timeoutMs: 1_000, stuckAfter: 1 };
const MOST_TRIES = SETTINGS.stuckAfter + 1;
/** How many more tries are made in order to see that they are alike. */
const FURTHER_TRIES = 20;
const AT = '1970-01-01T00:00:00.000Z';

/** Nothing more is expected of such a step on the way back. */
const SETTLED: readonly StepStatus[] = ['compensated', 'refused'];
const isOpen = (status: StepStatus): boolean => status === 'sent' || status === 'compensating';

/** All that matters of a state: no times, texts and data, and tries counted as far as they make a difference. */
const essenceOf = ({ data: _, waitMs, stuck, ...state }: SagaState<never>): string =>
  JSON.stringify({
    ...state,
    waits: waitMs !== undefined,
    stuck: stuck !== undefined,
    steps: state.steps.map(({ at: __, error: ___, attempts, ...step }) =>
      isOpen(step.status) ? { ...step, attempts: Math.min(attempts, MOST_TRIES) } : step,
    ),
  });

const nameOf = (input: Input): string => (input.type === 'reply' ? input.contract : input.type);

/** The engine under observation: each of its turns is looked at once, in every state that it can be brought into. */
export class ObservedSaga {
  readonly #engine: Engine<never>;
  readonly #sides: Side[] = [];
  readonly #ids = new Map<string, number>();
  readonly #turns: Map<string, readonly Turn[]>[] = [];
  readonly #disturbances: (readonly Disturbance[])[] = [];
  /** Before its first turn. */
  readonly start: Side;

  constructor(
    private readonly wiring: Wiring,
    { definition, data, engine = (...of) => new SagaEngine(...of) }: Observed<never>,
  ) {
    this.#engine = engine(definition, SETTINGS);
    const state = initialState(definition, data);
    this.start = this.#side({ state, asked: new Set(), heard: new Set(), outcome: undefined });
  }

  side(id: number): Side {
    return this.#sides[id]!;
  }

  /** All ways in which it may go on; more than one where a local step may refuse. */
  turns(side: Side, input: Input): readonly Turn[] {
    const known = this.#turns[side.id]!;
    const name = nameOf(input);
    const found = known.get(name) ?? this.#turn(side, input);
    known.set(name, found);
    return found;
  }

  /** What comes too late, or again, and is heeded all the same. */
  disturbances(side: Side): readonly Disturbance[] {
    this.#disturbances[side.id] ??= this.idleInputs(side).flatMap((input) => {
      const what = this.#disturbance(side, input);
      return what === undefined ? [] : [{ input, flaw: { law: 'repetition' as const, what } }];
    });
    return this.#disturbances[side.id]!;
  }

  /** Whether an answer may still change something; on the way back only that to an undoing which is not settled. */
  isHeeded({ direction, steps }: SagaState<never>, type: string): boolean {
    if (direction !== 'backward') return direction === 'forward';
    const meaning = this.wiring.meaningOf(type);
    return meaning?.sense === 'undone' && !SETTLED.includes(steps[meaning.step.index]!.status);
  }

  /** All that ought to change nothing now. */
  idleInputs({ state, heard, asked }: Side): readonly Input[] {
    const { replies, pointOfNoReturn } = this.wiring;
    const idle = replies.filter((type) => heard.has(type) || !this.isHeeded(state, type));
    const isPast = pointOfNoReturn !== undefined && asked.has(pointOfNoReturn.index);
    const words =
      state.direction === 'ended' ? (['timeout', 'cancel', 'retry'] as const) : isPast ? (['cancel'] as const) : [];
    return [...idle.map((contract) => ({ type: 'reply' as const, contract })), ...words.map((type) => ({ type }))];
  }

  #disturbance(side: Side, input: Input): string | undefined {
    const name = nameOf(input);
    const when = side.state.direction === 'ended' ? 'after the end' : side.heard.has(name) ? 'again' : 'too late';
    try {
      const [state, outputs] = this.#engine.advance(side.state, input, AT);
      if (outputs.length === 0 && essenceOf(state) === essenceOf(side.state)) return undefined;
    } catch (error) {
      return `${name} comes ${when}, and fails: ${(error as Error).message}`;
    }
    return `${name} comes ${when}, and is heeded all the same.`;
  }

  #turn(before: Side, input: Input): readonly Turn[] {
    try {
      const [state, outputs] = this.#engine.advance(before.state, input, AT);
      const after = this.#sideAfter(before, input, [state, outputs]);
      const said = outputs.flatMap((output) => (output.type === 'send' ? [output.message.contract.type] : []));
      const flaw =
        this.#whim(before, input, [state, outputs]) ?? flawOfTurn(this.wiring, { before, input, after, outputs });
      const turn: Turn = { side: after, course: asksOf(before, after), said, flaw };
      return outputs
        .filter((output) => output.type === 'local')
        .reduce<readonly Turn[]>((turns, local) => turns.flatMap((one) => this.#local(one, local)), [turn]);
    } catch (error) {
      const what = `${nameOf(input)} cannot be handled: ${(error as Error).message}`;
      return [{ side: before, course: [], said: [], flaw: { law: 'engine', what } }];
    }
  }

  /** Whether the same does not always lead to the same, or a try that is not counted any more makes a difference. */
  #whim(before: Side, input: Input, [state, outputs]: ReturnType<Engine<never>['advance']>): Flaw | undefined {
    const shape = shapeOf(state, outputs);
    if (shapeOf(...this.#engine.advance(before.state, input, AT)) !== shape)
      return {
        law: 'engine',
        what: `${nameOf(input)} was rolled back and came again, and then led to something else.`,
      };
    if (input.type !== 'timeout' || essenceOf(state) !== essenceOf(before.state)) return undefined;
    let later = state;
    for (let tries = 1; tries <= FURTHER_TRIES; tries++) {
      const [next, following] = this.#engine.advance(later, input, AT);
      if (shapeOf(next, following) !== shape)
        return { law: 'engine', what: `The same time-out leads to something else when it comes ${tries} times more.` };
      later = next;
    }
    return undefined;
  }

  /** A local step is done in the same transaction; past the point of no return it cannot refuse. */
  #local(turn: Turn, { step: name, action }: Extract<Output, { type: 'local' }>): readonly Turn[] {
    if (turn.flaw) return [turn];
    const { index, kind } = this.wiring.stepNamed(name);
    const outcomes: readonly Deed['what'][] =
      action === 'undo' ? ['undone'] : kind === 'retriable' ? ['done'] : ['done', 'refused'];
    return outcomes.flatMap((what) => {
      const input: Input = { type: 'local', step: name, action, ...(what === 'refused' && { refused: 'refused' }) };
      const news = what === 'done' && this.wiring.isChoreography ? [localNews({ name })] : [];
      return this.#turn(turn.side, input).map((next) => ({
        ...next,
        course: [...turn.course, { step: index, what }, ...next.course],
        said: [...turn.said, ...news, ...next.said],
      }));
    });
  }

  #sideAfter(before: Side, input: Input, [state, outputs]: ReturnType<Engine<never>['advance']>): Side {
    const ended = outputs.find((output) => output.type === 'ended');
    const asked = asksOf(before, { state }).flatMap(({ action, step }) => (action === 'do' ? [step] : []));
    const heard = input.type === 'reply' ? [...before.heard, input.contract] : [...before.heard];
    return this.#side({
      state,
      asked: new Set([...before.asked, ...asked]),
      heard: new Set(heard.filter((type) => this.isHeeded(state, type))),
      outcome: before.outcome ?? ended?.outcome,
    });
  }

  #side(side: Omit<Side, 'id'>): Side {
    const key = [essenceOf(side.state), [...side.asked].sort(), [...side.heard].sort(), side.outcome].join('|');
    const known = this.#ids.get(key);
    if (known !== undefined) return this.#sides[known]!;
    const id = this.#sides.length;
    // Whoever changes a state in its place does not answer a new one.
    Object.freeze(side.state);
    Object.freeze(side.state.steps);
    for (const step of side.state.steps) Object.freeze(step);
    this.#ids.set(key, id);
    this.#sides.push({ ...side, id });
    this.#turns.push(new Map());
    return this.#sides[id]!;
  }
}

function asksOf(before: Pick<Side, 'state'>, after: Pick<Side, 'state'>): Ask[] {
  return after.state.steps.flatMap(({ status }, step) => {
    if (status === before.state.steps[step]!.status || !isOpen(status)) return [];
    return [{ action: status === 'sent' ? 'do' : 'undo', step }];
  });
}

/** Two turns of one shape are the same as far as anybody can tell. */
const shapeOf = (state: SagaState<never>, outputs: readonly Output[]): string =>
  [
    essenceOf(state),
    ...outputs.map((output) => (output.type === 'send' ? textOf(output.message) : JSON.stringify(output))),
  ].join('\n');

const textOf = ({ contract, key, data }: Outgoing): string => `${contract.type} ${key} ${JSON.stringify(data)}`;
