import type { SagaDefinition } from '../definition.ts';
import type { Reaction } from './reactions.ts';
import { sampleData } from './sample-data.ts';
import { SequenceDiagram } from './sequence-diagram.ts';
import { type WiredStep, wordOf } from './wired-step.ts';
import { Wiring } from './wiring.ts';

/** What a drawing shows besides the definition. */
export interface DiagramOptions {
  /** The table of a choreography: who acts upon what. By default each acts upon the success of the one before it. */
  readonly reactions?: readonly Reaction[];
}

/** A definition as a Mermaid sequence diagram: the way on which everything is done, and where other ways turn off. */
export function sagaDiagram<S extends { readonly id: string }>(
  definition: SagaDefinition<S>,
  { reactions }: DiagramOptions = {},
): string {
  const data = sampleData<never>();
  const wiring = new Wiring(definition as SagaDefinition<never>, { sagaId: '', data, isReal: false, reactions });
  const reasons = new Map([...definition.compensatable, definition.pivot].flatMap((step) => reasonsOf(step)));
  const drawing = wiring.isChoreography ? new ChoreographyDrawing(wiring, reasons) : new Drawing(wiring, reasons);
  return drawing.draw();
}

interface Reasons {
  readonly refused: string;
  readonly silent: string;
}

function reasonsOf(
  step: SagaDefinition<never>['compensatable'][number] | SagaDefinition<never>['pivot'],
): [string, Reasons][] {
  if (!step || 'local' in step) return [];
  return [[step.name, { refused: step.reason, silent: 'timedOut' in step ? step.timedOut : '' }]];
}

/** An orchestration: the saga asks each participant in turn. */
class Drawing {
  protected readonly diagram: SequenceDiagram;

  constructor(
    protected readonly wiring: Wiring,
    private readonly reasons: ReadonlyMap<string, Reasons>,
  ) {
    this.diagram = new SequenceDiagram(wiring.name, wiring.participants);
  }

  draw(): string {
    this.begin();
    const point = this.wiring.pointOfNoReturn;
    for (const step of this.wiring.steps) {
      if (step === point) this.pointOfNoReturn();
      if (step.kind === 'retriable' && this.wiring.steps[step.index - 1]?.kind !== 'retriable')
        this.#everybody('what follows is asked for until it is done');
      if (step.local) this.#localStep(step);
      else this.step(step);
    }
    return this.diagram.note(['saga'], 'completed').toString();
  }

  protected begin(): void {
    this.diagram.note(['saga'], 'begins');
  }

  protected pointOfNoReturn(): void {
    this.#everybody('the point of no return: from here only a refusal of this step leads back');
  }

  protected step(step: WiredStep): void {
    const { home = '', types, kind, index } = step;
    this.diagram.arrow({ from: 'saga', to: home, text: wordOf(types.do ?? step.name) });
    this.refusal(step, () => this.undo(index - 1));
    if (kind === 'compensatable') {
      this.diagram.turnOff('no answer in time, or cancelled', () => {
        this.undo(index);
        this.ended(`${this.reasonsOf(step).silent}, or cancelled`);
      });
    }
    this.answer(step, types.done);
  }

  /** The way that turns off where a step is refused. */
  protected refusal(step: WiredStep, undo: () => void): void {
    const { refused } = step.types;
    if (refused === undefined) return;
    this.diagram.turnOff(`${step.name} refused`, () => {
      this.answer(step, refused);
      undo();
      this.ended(this.reasonsOf(step).refused);
    });
  }

  protected answer({ home = '' }: WiredStep, type: string | undefined): void {
    if (type !== undefined) this.diagram.arrow({ from: home, to: 'saga', text: wordOf(type) });
  }

  protected ended(reason: string): void {
    this.diagram.note(['saga'], `ended (${reason})`);
  }

  protected reasonsOf({ name }: WiredStep): Reasons {
    return this.reasons.get(name) ?? { refused: 'refused', silent: 'timed_out' };
  }

  #localStep({ name, kind, index }: WiredStep): void {
    this.diagram.note(['saga'], name);
    if (kind === 'retriable') return;
    this.diagram.turnOff(`${name} refused`, () => {
      this.undo(index - 1);
      this.ended('as its refusal says');
    });
  }

  /** Undoes this step and all before it, the last one first. */
  protected undo(last: number): void {
    for (const step of this.wiring.steps.slice(0, last + 1).reverse()) {
      if (step.kind !== 'compensatable') continue;
      if (step.local) this.diagram.note(['saga'], `undo ${step.name}`);
      else {
        this.diagram.arrow({ from: 'saga', to: step.home ?? '', text: wordOf(step.types.undo ?? step.name) });
        this.answer(step, step.types.undone);
      }
    }
  }

  #everybody(text: string): void {
    this.diagram.note(['saga', this.wiring.participants.at(-1) ?? 'saga'], text);
  }
}

/** A choreography: each participant hears of the others, and the saga of all. */
class ChoreographyDrawing extends Drawing {
  protected override begin(): void {
    super.begin();
    for (const participant of this.wiring.participants) {
      const heard = this.wiring.reactions.filter((reaction) => reaction.participant === participant);
      const types = new Set(heard.flatMap(({ upon }) => upon));
      for (const type of this.wiring.openingNews.filter((news) => types.has(news)))
        this.diagram.arrow({ from: 'saga', to: participant, text: wordOf(type) });
    }
  }

  protected override pointOfNoReturn(): void {
    this.#announcements();
    super.pointOfNoReturn();
  }

  protected override step(step: WiredStep): void {
    for (const { participant, upon } of this.#reactions('do', step)) {
      for (const type of upon.filter((cue) => !this.wiring.openingNews.includes(cue)))
        this.diagram.arrow({ from: this.#speakerOf(type), to: participant, text: wordOf(type) });
    }
    this.refusal(step, () => this.#undoUpon(step));
    this.answer(step, step.types.done);
  }

  /** Nobody asks them to. */
  protected override undo(last: number): void {
    for (const step of this.wiring.steps.slice(0, last + 1)) this.answer(step, step.types.undone);
  }

  /** Who undoes upon a refusal; who has refused gives back by itself what it has. */
  #undoUpon(refuser: WiredStep): void {
    const upon = this.wiring.steps.filter(
      (step) =>
        this.#reactions('undo', step).some((reaction) => reaction.upon.includes(refuser.types.refused ?? '')) ||
        (step.index < refuser.index && step.kind === 'compensatable' && step.home === refuser.home),
    );
    for (const step of upon.filter(({ home }) => home !== refuser.home))
      this.diagram.arrow({ from: refuser.home ?? '', to: step.home ?? '', text: wordOf(refuser.types.refused ?? '') });
    for (const step of upon) this.answer(step, step.types.undone);
  }

  #announcements(): void {
    const words = this.wiring.announcements.map(wordOf).join(' or ');
    const told = this.wiring.steps.filter((step) =>
      this.#reactions('undo', step).some(({ upon }) => upon.some((type) => this.wiring.announcements.includes(type))),
    );
    this.diagram.turnOff('somebody silent until here, or cancelled', () => {
      for (const home of new Set(told.map((step) => step.home ?? '')))
        this.diagram.arrow({ from: 'saga', to: home, text: words });
      for (const step of told) this.answer(step, step.types.undone);
      const silent = new Set(told.map((step) => this.reasonsOf(step).silent));
      this.ended([...silent, 'or cancelled'].join(', '));
    });
  }

  #speakerOf(type: string): string {
    const meaning = this.wiring.meaningOf(type);
    return meaning === undefined || meaning.sense === 'do' ? 'saga' : (meaning.step.home ?? 'saga');
  }

  #reactions(action: Reaction['action'], { name }: WiredStep): readonly Reaction[] {
    return this.wiring.reactions.filter((reaction) => reaction.action === action && reaction.step === name);
  }
}
