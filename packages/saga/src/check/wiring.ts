import { type SagaDefinition, stepsOf } from '../definition.ts';
import { faultOfForm } from '../definition-form.ts';
import { strayHandler } from '../handlers-form.ts';
import type { SagaHandlers } from '../saga-runtime.ts';
import { chainOf, commandsOf, localNews, type Reaction } from './reactions.ts';
import { contractOf, type Meaning, SENSES, serviceOf, type WiredStep, wire } from './wired-step.ts';
import { type Faults, faultsOf, type Moment } from './wiring-faults.ts';

/** What is known of a definition besides what it says. */
export interface WiringOptions {
  readonly sagaId: string;
  readonly data: never;
  /** Whether these are data of real life, whose messages keep their contracts. */
  readonly isReal: boolean;
  readonly handlers?: Pick<SagaHandlers<never>, 'steps'> | undefined;
  /** Other versions that run with the same handlers. */
  readonly alongside?: readonly SagaDefinition<never>[] | undefined;
  /** Who acts upon what; by default what a choreography usually is, or, in an orchestration, the commands. */
  readonly reactions?: readonly Reaction[] | undefined;
}

/** A definition as its messages tell it: who is asked, who answers, who acts upon what. */
export class Wiring {
  readonly name: string;
  /** The key of all that the saga says. */
  readonly sagaId: string;
  readonly isReal: boolean;
  readonly isChoreography: boolean;
  /** What is wrong with the definition as it is written, and with the handlers that come with it. */
  readonly malformed: string | undefined;
  readonly steps: readonly WiredStep[];
  /** What tells the participants of a choreography to undo. */
  readonly announcements: readonly string[];
  readonly reactions: readonly Reaction[];
  /** Those of them that follow from several messages together. */
  readonly joint: readonly Reaction[];
  readonly participants: readonly string[];
  /** What the service of a choreography says when it begins: all that is heard, and that nobody says later. */
  readonly openingNews: readonly string[];
  /** The first step that cannot be undone; none where all can. */
  readonly pointOfNoReturn: WiredStep | undefined;
  /** What a participant may answer. */
  readonly replies: readonly string[];
  readonly #meanings: ReadonlyMap<string, Meaning>;
  readonly #faults: readonly Faults[];

  constructor(definition: SagaDefinition<never>, { data, handlers, reactions, ...options }: WiringOptions) {
    const steps = stepsOf(definition);
    const { announce } = definition;
    this.name = definition.name;
    this.sagaId = options.sagaId;
    this.isReal = options.isReal;
    this.isChoreography = announce !== undefined;
    const stray = strayHandler([definition, ...(options.alongside ?? [])], handlers?.steps);
    this.malformed = faultOfForm(definition) ?? (stray && `The saga ${definition.name} cannot run: ${stray}.`);
    this.steps = steps.map((step, index) => wire(step, index, data));
    this.pointOfNoReturn = this.steps.find(({ kind }) => kind !== 'compensatable');
    this.announcements = [announce?.timedOut, announce?.cancelled].flatMap(
      (build) => contractOf(build, data)?.type ?? [],
    );
    this.#meanings = meaningsOf(this.steps);
    const isReply = ({ sense }: Meaning) => sense !== 'do' && sense !== 'undo';
    this.replies = [...this.#meanings].flatMap(([type, meaning]) => (isReply(meaning) ? [type] : []));
    const names = steps.map(({ name }) => name);
    const surroundings = { meanings: this.#meanings, names, handlers, data, isChoreography: this.isChoreography };
    this.#faults = steps.map((step, index) => faultsOf(step, this.steps[index]!, surroundings));
    const chain = () => chainOf(this.steps, this.announcements);
    this.reactions = reactions ?? (this.isChoreography ? chain() : commandsOf(this.steps, this.#meanings));
    this.joint = this.reactions.filter(({ upon }) => upon.length > 1);
    this.participants = [...new Set(this.reactions.map(({ participant }) => participant))];
    const later = this.steps.flatMap((step) => [step.again, localNews(step)]);
    const said = new Set([...this.#meanings.keys(), ...this.announcements, ...later]);
    const isOwn = (type: string) => !this.participants.includes(serviceOf(type));
    const heard = new Set(this.reactions.flatMap(({ upon }) => upon));
    this.openingNews = [...heard].filter((type) => !said.has(type) && isOwn(type));
  }

  stepNamed(name: string): WiredStep {
    const step = this.steps.find((candidate) => candidate.name === name);
    if (!step) throw new Error(`The saga ${this.name} has no step "${name}".`);
    return step;
  }

  /** Where a message could mean several things, it means that of the participant which it comes from or goes to. */
  meaningOf(type: string): Meaning | undefined {
    return this.#meanings.get(type);
  }

  /** What is wrong with a step, once it comes to that. */
  faultOf(name: string, moment: Moment): string | undefined {
    return this.#faults[this.stepNamed(name).index]![moment];
  }
}

function meaningsOf(steps: readonly WiredStep[]): ReadonlyMap<string, Meaning> {
  const found = new Map<string, Meaning>();
  for (const sense of SENSES) {
    for (const step of steps) {
      const type = step.types[sense];
      if (type === undefined) continue;
      const before = found.get(type);
      const belongs = ({ home }: WiredStep) => home === serviceOf(type);
      if (!before || (belongs(step) && !belongs(before.step))) found.set(type, { step, sense });
    }
  }
  return found;
}
