import { type SagaDefinition, stepsOf } from './definition.ts';
import { begin, type Input, SagaEngine, type SagaState } from './engine.ts';
import { settings, type Trip, TripPlanned, trip, tripByEvents } from './trip.fixtures.ts';

/** What a participant does when it hears a message: one step of the saga, or the undoing of it. */
interface Reaction {
  readonly step: string;
  readonly action: 'do' | 'undo';
}

/** Who does what about which message: participants react to commands, or, in a choreography, to events. */
type Rules = Readonly<Record<string, Readonly<Record<string, readonly Reaction[]>>>>;

const doing = (step: string): Reaction => ({ step, action: 'do' });
const undoing = (step: string): Reaction => ({ step, action: 'undo' });

const ORCHESTRATED: Rules = {
  bank: {
    HoldMoney: [doing('hold money')],
    FreeMoney: [undoing('hold money')],
    TakeMoney: [doing('take money')],
  },
  flight: {
    BookFlight: [doing('book flight')],
    CancelFlight: [undoing('book flight')],
    IssueTicket: [doing('issue ticket')],
  },
  hotel: {
    BookHotel: [doing('book hotel')],
    CancelHotel: [undoing('book hotel')],
    SendVoucher: [doing('send voucher')],
  },
};

const CHOREOGRAPHED: Rules = {
  bank: {
    TripPlanned: [doing('hold money')],
    FlightRefused: [undoing('hold money')],
    HotelRefused: [undoing('hold money')],
    TripTimedOut: [undoing('hold money')],
    TripCancelled: [undoing('hold money')],
    TakingRequested: [doing('take money')],
  },
  flight: {
    MoneyHeld: [doing('book flight')],
    HotelRefused: [undoing('book flight')],
    TakingFailed: [undoing('book flight')],
    TripTimedOut: [undoing('book flight')],
    TripCancelled: [undoing('book flight')],
    MoneyTaken: [doing('issue ticket')],
  },
  hotel: {
    FlightBooked: [doing('book hotel')],
    TakingFailed: [undoing('book hotel')],
    TripTimedOut: [undoing('book hotel')],
    TripCancelled: [undoing('book hotel')],
    TicketIssued: [doing('send voucher')],
  },
};

export type Outcome = 'done' | 'refused' | 'undone';

/** A saga and its participants at one moment: what each has done, and the messages on their way. */
export interface World {
  readonly saga: SagaState<Trip>;
  /** What the participants keep for ever, by step. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
  /** Messages from one to another (`bank>saga`), in their order; between different pairs there is none. */
  readonly mail: Readonly<Record<string, readonly string[]>>;
  /** How much may still go wrong. */
  readonly budget: Readonly<Record<Mishap, number>>;
  /** The laws that were broken on the way. */
  readonly crimes: readonly string[];
}

export type Mishap = 'timeout' | 'cancel' | 'retry' | 'again' | 'lost';

export type Move =
  | { readonly type: 'hear'; readonly pair: string; readonly accept: boolean }
  /** A message is handed over, and comes again later. */
  | { readonly type: 'again'; readonly pair: string }
  /** A message is dead, and discarded by an operator. */
  | { readonly type: 'lost'; readonly pair: string }
  | { readonly type: 'timeout' | 'cancel' | 'retry' };

const AT = '2026-01-01T00:00:00.000Z';
const word = (type: string): string => type.split('.')[1]!;

/** All that can happen between a saga and its participants, one move at a time; pure, like the engine. */
export class Universe {
  readonly #engine: SagaEngine<Trip>;
  readonly #rules: Rules;
  readonly #types: ReadonlyMap<string, string>;

  constructor(private readonly definition: SagaDefinition<Trip>) {
    this.#engine = new SagaEngine(definition, settings);
    this.#rules = definition.announce ? CHOREOGRAPHED : ORCHESTRATED;
    const replies = stepsOf(definition).flatMap(({ done, refused, undone }) => [done, refused, undone]);
    this.#types = new Map(replies.flatMap((contract) => (contract ? [[word(contract.type), contract.type]] : [])));
  }

  start(budget: World['budget']): World {
    const saga = begin(this.definition, { id: 'trip-1' });
    const world = this.#advance({ saga, outcomes: {}, mail: {}, budget, crimes: [] }, { type: 'start' });
    return this.#post(world, 'saga', word(TripPlanned.type));
  }

  moves({ saga, mail, budget, outcomes }: World): Move[] {
    const pairs = Object.keys(mail).filter((pair) => mail[pair]!.length > 0);
    const mishaps = (['timeout', 'cancel', 'retry'] as const).filter((type) => this.#may(type, saga, budget));
    return [
      ...pairs.flatMap((pair) => [
        { type: 'hear', pair, accept: true } as const,
        ...(this.#isOpen(pair, mail[pair]![0]!, outcomes) ? [{ type: 'hear', pair, accept: false } as const] : []),
        ...(budget.again > 0 ? [{ type: 'again', pair } as const] : []),
        ...(budget.lost > 0 ? [{ type: 'lost', pair } as const] : []),
      ]),
      ...mishaps.map((type) => ({ type })),
    ];
  }

  after(world: World, move: Move): World {
    if (move.type === 'hear')
      return this.#deliver(this.#take(world, move.pair), this.#head(world, move.pair), move.accept);
    const budget = { ...world.budget, [move.type]: world.budget[move.type] - 1 };
    const next = { ...world, budget };
    if (move.type === 'lost') return this.#take(next, move.pair);
    if (move.type === 'again') return this.#deliver(next, this.#head(world, move.pair), true);
    return this.#advance(next, { type: move.type });
  }

  /** Nothing goes wrong any more: everybody answers, and what is silent is asked again. Answers the world then. */
  settle(world: World): World {
    let now = world;
    for (let round = 0; round < 500; round++) {
      const pair = Object.keys(now.mail).find((candidate) => now.mail[candidate]!.length > 0);
      if (pair) now = this.after(now, { type: 'hear', pair, accept: true });
      else if (now.saga.direction === 'ended') return now;
      else now = this.#advance(now, { type: 'timeout' });
    }
    return { ...now, crimes: [...now.crimes, 'the saga never ended'] };
  }

  /** The laws that a world at its end has broken. */
  crimesOf({ saga, outcomes, crimes }: World): string[] {
    const found = [...crimes];
    const completed = saga.steps.every(({ status }) => status === 'done');
    for (const { name, kind } of stepsOf(this.definition)) {
      if (completed && outcomes[name] !== 'done') found.push(`completed without "${name}"`);
      if (!completed && outcomes[name] === 'done') found.push(`compensated, but "${name}" is done`);
      const { status } = saga.steps.find((step) => step.name === name)!;
      const settled = completed || kind !== 'compensatable' || ['pending', 'refused', 'compensated'].includes(status);
      if (!settled) found.push(`ended with "${name}" ${status}`);
    }
    return found;
  }

  #may(type: 'timeout' | 'cancel' | 'retry', saga: SagaState<Trip>, budget: World['budget']): boolean {
    if (budget[type] === 0 || saga.direction === 'ended') return false;
    return type === 'cancel' || (type === 'timeout' ? saga.waitMs !== undefined : saga.stuck !== undefined);
  }

  /** Whether the participant is still free to accept or to refuse. */
  #isOpen(pair: string, message: string, outcomes: World['outcomes']): boolean {
    const reactions = this.#rules[pair.split('>')[1]!]?.[message] ?? [];
    return reactions.some(({ step, action }) => action === 'do' && !outcomes[step] && this.#isRefusable(step));
  }

  #isRefusable(name: string): boolean {
    return stepsOf(this.definition).some((step) => step.name === name && step.refused !== undefined);
  }

  #take(world: World, pair: string): World {
    return { ...world, mail: { ...world.mail, [pair]: world.mail[pair]!.slice(1) } };
  }

  #head({ mail }: World, pair: string): { readonly to: string; readonly message: string } {
    return { to: pair.split('>')[1]!, message: mail[pair]![0]! };
  }

  #deliver(world: World, { to, message }: { readonly to: string; readonly message: string }, accept: boolean): World {
    if (to === 'saga') return this.#advance(world, { type: 'reply', contract: this.#types.get(message)! });
    const reactions = this.#rules[to]?.[message] ?? [];
    return reactions.reduce((now, reaction) => this.#react(now, reaction, accept), world);
  }

  #react(world: World, { step: name, action }: Reaction, accept: boolean): World {
    const step = stepsOf(this.definition).find((candidate) => candidate.name === name)!;
    const participant = step.done!.type.split('.')[0]!;
    const before = world.outcomes[name];
    if (action === 'undo') {
      const next = { ...world, outcomes: { ...world.outcomes, [name]: 'undone' as const } };
      const guilty = world.outcomes['take money'] === 'done' ? [`"${name}" is undone after the money was taken`] : [];
      return this.#post({ ...next, crimes: [...world.crimes, ...guilty] }, participant, word(step.undone!.type));
    }
    const outcome = before ?? (this.#isPossible(world, name) && (accept || !step.refused) ? 'done' : 'refused');
    const said = word((outcome === 'done' ? step.done : step.refused)!.type);
    const next = this.#post({ ...world, outcomes: { ...world.outcomes, [name]: outcome } }, participant, said);
    const givesBack = outcome !== 'done' && this.definition.announce !== undefined && step.kind === 'pivot';
    return givesBack ? this.#react(next, undoing('hold money'), accept) : next;
  }

  #isPossible({ outcomes }: World, name: string): boolean {
    return name !== 'take money' || outcomes['hold money'] === 'done';
  }

  #advance(world: World, input: Input): World {
    const [saga, outputs] = this.#engine.advance(world.saga, input, AT);
    const sent = outputs.flatMap((output) => (output.type === 'send' ? [word(output.message.contract.type)] : []));
    return sent.reduce((now, message) => this.#post(now, 'saga', message), { ...world, saga });
  }

  /** To everybody whom it concerns. */
  #post(world: World, from: string, message: string): World {
    const readers = Object.keys(this.#rules).filter((name) => this.#rules[name]![message] !== undefined);
    const toSaga = from !== 'saga' && this.#types.has(message) ? ['saga'] : [];
    const mail = { ...world.mail };
    for (const reader of [...readers, ...toSaga]) {
      const pair = `${from}>${reader}`;
      mail[pair] = [...(mail[pair] ?? []), message];
    }
    return { ...world, mail };
  }
}

export const universes = { orchestration: new Universe(trip), choreography: new Universe(tripByEvents) };
