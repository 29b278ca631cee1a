import type { Mail } from './mail.ts';
import type { Deed } from './observed-saga.ts';
import type { Reaction } from './reactions.ts';
import type { Wiring } from './wiring.ts';
import type { Places, Scene, World } from './world.ts';

const ALWAYS: readonly Deed['what'][] = ['done'];
const NEVER: readonly Deed['what'][] = ['refused'];
const EITHER: readonly Deed['what'][] = ['done', 'refused'];

/** The world that participants live in. */
export interface ParticipantsOptions {
  readonly wiring: Wiring;
  readonly places: Places;
  readonly mail: Mail;
  /** What is wrong with a deed, in the world in which it happens. */
  readonly flawOf: (world: World, deed: Deed) => Scene['flaw'];
}

/** A reaction, and the message that it follows from. */
interface Cue {
  readonly reaction: Reaction;
  readonly type: string;
}

/**
 * Participants as the engine may rely on them: they keep the outcome of each step for ever and answer every repetition
 * with it; the undoing of something unknown is remembered and answered, and what is asked for later is refused.
 */
export class Participants {
  readonly #reactions: readonly ReadonlyMap<string, readonly Reaction[]>[];

  constructor(private readonly options: ParticipantsOptions) {
    const { participants, reactions } = options.wiring;
    this.#reactions = participants.map((participant) => {
      const mine = reactions.filter((reaction) => reaction.participant === participant);
      const types = new Set(mine.flatMap(({ upon }) => upon));
      return new Map([...types].map((type) => [type, mine.filter(({ upon }) => upon.includes(type))]));
    });
  }

  /** All that may follow when one of them hears a message. */
  hear(world: World, member: number, type: string): readonly Scene[] {
    const reactions = this.#reactions[member]!.get(type) ?? [];
    return reactions.reduce<readonly Scene[]>(
      (scenes, reaction) => scenes.flatMap((scene) => this.#react(scene, member, { reaction, type })),
      [{ world, deeds: [], said: [] }],
    );
  }

  #react(scene: Scene, member: number, { reaction, type }: Cue): readonly Scene[] {
    const { wiring, places } = this.options;
    const { index: step, types, home, name } = wiring.stepNamed(reaction.step);
    if (home !== undefined && home !== reaction.participant) {
      const what = `"${name}" belongs to ${home}, but ${reaction.participant} would ${reaction.action} it.`;
      return [{ ...scene, flaw: scene.flaw ?? { law: 'wiring', what } }];
    }
    const memory = places.memoryOf(scene.world, step);
    if (reaction.action === 'do' && memory !== 'none')
      return [this.#answer(scene, member, { step, what: memory === 'done' ? 'done' : 'refused' })];
    const waiting = memory === 'undone' ? undefined : this.#waiting(scene.world, { reaction, type });
    if (waiting) return [{ ...scene, world: waiting }];
    if (reaction.action === 'undo') return [this.#decide(scene, member, { step, what: 'undone' })];
    const outcomes = types.refused === undefined ? ALWAYS : this.#isReady(scene.world, step) ? EITHER : NEVER;
    return outcomes.map((what) => this.#decide(scene, member, { step, what }));
  }

  /** The world in which the message is noted, where others have to be heard as well before anything follows from it. */
  #waiting(world: World, { reaction, type }: Cue): World | undefined {
    const { wiring, places } = this.options;
    if (reaction.upon.length === 1) return undefined;
    const place = places.heard(wiring.joint.indexOf(reaction));
    const heard = world[place]! | (1 << reaction.upon.indexOf(type));
    return heard === (1 << reaction.upon.length) - 1 ? undefined : world.with(place, heard);
  }

  #decide(scene: Scene, member: number, deed: Deed): Scene {
    const { places, flawOf, wiring } = this.options;
    const { name } = wiring.steps[deed.step]!;
    const fault = wiring.isChoreography ? wiring.faultOf(name, deed.what === 'undone' ? 'undo' : 'do') : undefined;
    const flaw =
      scene.flaw ??
      (fault === undefined ? flawOf(scene.world, deed) : ({ law: 'wiring', what: fault } satisfies Scene['flaw']));
    const world = places.remember(scene.world, deed);
    return this.#answer({ ...scene, world, deeds: [...scene.deeds, deed], flaw }, member, deed);
  }

  /** In a choreography, where nobody else would tell it to, who refuses gives back at once what it has itself. */
  #answer(scene: Scene, member: number, { step, what }: Deed): Scene {
    const { wiring, mail } = this.options;
    const said = wiring.steps[step]!.types[what];
    const answered =
      said === undefined
        ? scene
        : { ...scene, world: mail.post(scene.world, member, [said]), said: [...scene.said, said] };
    if (what !== 'refused' || !wiring.isChoreography) return answered;
    return this.#ownBefore(step).reduce(
      (one, own) => this.#decide(one, member, { step: own, what: 'undone' }),
      answered,
    );
  }

  /** What is asked for past the point of no return builds on what its participant has done before. */
  #isReady(world: World, step: number): boolean {
    if (this.options.wiring.steps[step]!.kind === 'compensatable') return true;
    return this.#ownBefore(step).every((own) => this.options.places.memoryOf(world, own) === 'done');
  }

  #ownBefore(step: number): number[] {
    const { steps } = this.options.wiring;
    return steps
      .filter(({ index, kind, home }) => index < step && kind === 'compensatable' && home === steps[step]!.home)
      .map(({ index }) => index);
  }
}
