import type { Input } from '../engine.ts';
import type { Flaw } from './flaw.ts';
import { type Letter, Mail } from './mail.ts';
import type { Deed, ObservedSaga, Side, Turn } from './observed-saga.ts';
import { Participants } from './participants.ts';
import type { Wiring } from './wiring.ts';
import { Places, type Scene, type World } from './world.ts';
import { flawOfAsk, flawOfDeed, flawOfWorld, type View } from './world-laws.ts';

/** What happens at one moment. */
type Happening =
  | { readonly type: 'begins' | 'timeout' | 'cancel' | 'retry' }
  /** A message is heard; once more, where that ought to have changed nothing; or an operator has discarded it. */
  | { readonly type: 'hears' | 'hears again' | 'loses'; readonly letter: Letter };

/** One way on from a world. */
export interface Move extends Scene {
  readonly happening: Happening;
  /** Whether it comes by itself: somebody hears something, or time passes. */
  readonly helps: boolean;
}

/** All that can happen between a saga and its participants, one thing at a time. */
export class Model {
  /** The participants, and the saga as the last one. */
  readonly members: readonly string[];
  readonly start: World;
  readonly #places: Places;
  readonly #mail: Mail;
  readonly #participants: Participants;
  readonly #self: number;

  constructor(
    readonly wiring: Wiring,
    private readonly saga: ObservedSaga,
  ) {
    this.members = [...wiring.participants, wiring.name];
    this.#self = wiring.participants.length;
    const joint = wiring.joint.map(({ step, action }) => ({ step: wiring.stepNamed(step).index, action }));
    this.#places = new Places({ steps: wiring.steps.length, members: this.members.length, joint });
    const flawOf = (world: World, deed: Deed) => flawOfDeed(this.#view(world), deed);
    this.#mail = new Mail(this.#places, wiring, (world, type) => saga.isHeeded(this.sideOf(world).state, type));
    this.#participants = new Participants({ wiring, places: this.#places, mail: this.#mail, flawOf });
    const nothing = Array.from<number>({ length: this.#places.size }).fill(0);
    this.start = nothing.with(this.#places.saga, saga.start.id);
  }

  sideOf(world: World): Side {
    return this.saga.side(world[this.#places.saga]!);
  }

  underWay(world: World): readonly Letter[] {
    return this.#mail.underWay(world);
  }

  flawOf(world: World): Flaw | undefined {
    return this.sideOf(world) === this.saga.start ? undefined : flawOfWorld(this.#view(world));
  }

  moves(world: World): readonly Move[] {
    const side = this.sideOf(world);
    if (side === this.saga.start) return this.#turns(world, { type: 'start' }, { type: 'begins' });
    const isOpen = side.state.direction !== 'ended';
    const letters = this.#mail.arrivals(world);
    return [
      ...letters.flatMap((letter) => this.#hear(world, letter)),
      ...(isOpen ? letters.map((letter) => this.#lose(world, letter)) : []),
      ...(isOpen ? this.#words(side).flatMap((type) => this.#turns(world, { type }, { type })) : []),
      ...this.#disturbances(world, side),
    ];
  }

  /** How many further moves there are that change nothing, as they ought to: all that comes late or again. */
  idleMoves(world: World): number {
    return this.saga.idleInputs(this.sideOf(world)).length;
  }

  #hear(world: World, letter: Letter): readonly Move[] {
    const { to, type } = letter;
    const rest = this.#mail.take(world, letter);
    const happening = { type: 'hears', letter } as const;
    if (to === this.#self) return this.#turns(rest, { type: 'reply', contract: type }, happening);
    return this.#participants.hear(rest, to, type).map((scene) => ({ ...scene, happening, helps: true }));
  }

  #lose(world: World, letter: Letter): Move {
    const rest = this.#mail.take(world, letter).with(this.#places.discarded, 1);
    return { world: rest, deeds: [], said: [], happening: { type: 'loses', letter }, helps: false };
  }

  #words({ state }: Side): ('timeout' | 'cancel' | 'retry')[] {
    return [
      ...(state.waitMs === undefined ? [] : ['timeout' as const]),
      'cancel' as const,
      ...(state.stuck === undefined ? [] : ['retry' as const]),
    ];
  }

  /** Who has never said a thing cannot say it late, or again. */
  #disturbances(world: World, side: Side): readonly Move[] {
    return this.saga.disturbances(side).flatMap(({ input, flaw }): readonly Move[] => {
      const scene = { world, deeds: [], said: [], flaw, helps: false };
      if (input.type !== 'reply')
        return [{ ...scene, happening: { type: input.type as 'timeout' | 'cancel' | 'retry' } }];
      const { step, sense } = this.wiring.meaningOf(input.contract)!;
      const memory = this.#places.memoryOf(world, step.index);
      if (memory !== sense && memory !== 'undone') return [];
      const from = this.members.indexOf(step.home ?? this.wiring.name);
      const letter = { from, to: this.#self, place: this.#places.line(from, this.#self), type: input.contract };
      return [{ ...scene, happening: { type: 'hears again', letter } }];
    });
  }

  #turns(world: World, input: Input, happening: Happening): readonly Move[] {
    const helps = input.type !== 'cancel' && input.type !== 'retry';
    const news = input.type === 'start' ? this.wiring.openingNews : [];
    const turns = this.saga.turns(this.sideOf(world), input);
    return turns.map((turn) => ({ ...this.#turned(world, turn, news), happening, helps }));
  }

  #turned(world: World, turn: Turn, news: readonly string[]): Scene {
    let next: World = world.with(this.#places.saga, turn.side.id);
    let { flaw } = turn;
    for (const event of turn.course) {
      flaw ??= 'what' in event ? flawOfDeed(this.#view(next), event) : flawOfAsk(this.#view(next), event);
      if ('what' in event) next = this.#places.remember(next, event);
    }
    const deeds = turn.course.filter((event) => 'what' in event);
    const said = [...news, ...turn.said];
    const left = turn.side.state.direction === 'forward' ? next : this.#mail.withoutStale(next);
    return { world: this.#mail.post(left, this.#self, said), deeds, said, flaw };
  }

  #view(world: World): View {
    const [places, mail] = [this.#places, this.#mail];
    return {
      wiring: this.wiring,
      side: this.sideOf(world),
      memoryOf: (step) => places.memoryOf(world, step),
      isQuiet: () => world[places.discarded] === 0 && mail.isEmpty(world),
    };
  }
}
