import type { Flaw, Law } from './flaw.ts';
import type { Model, Move } from './model.ts';
import { SequenceDiagram } from './sequence-diagram.ts';
import { wordOf } from './wired-step.ts';

/** The shortest way to a flaw. */
export interface Counterexample {
  /** The law that is broken. */
  readonly law: Law;
  /** How, in a sentence. */
  readonly flaw: string;
  /** What happens until then, one after the other. */
  readonly steps: readonly string[];
  /** The same as a Mermaid sequence diagram. */
  readonly diagram: string;
}

export const counterexample = (model: Model, moves: readonly Move[], { law, what }: Flaw): Counterexample => ({
  law,
  flaw: what,
  steps: moves.map((move) => sentenceOf(model, move)),
  diagram: diagramOf(model, moves, what),
});

const WORDS = {
  begins: 'begins',
  timeout: 'has waited too long',
  cancel: 'is cancelled',
  retry: 'is tried again by an operator',
} as const;

function sentenceOf(model: Model, move: Move): string {
  const follows = [...eventsOf(model, move), ...move.said.map(wordOf)].join(', ');
  return [subjectOf(model, move), follows].filter(Boolean).join(': ');
}

function subjectOf({ members, wiring }: Model, { happening }: Move): string {
  if (!('letter' in happening)) return `${wiring.name} ${WORDS[happening.type]}`;
  const { from, to, type } = happening.letter;
  const message = `${wordOf(type)} from ${members[from]}`;
  if (happening.type === 'loses') return `an operator discards ${message} to ${members[to]}`;
  return `${members[to]} hears ${message}${happening.type === 'hears' ? '' : ' once more'}`;
}

/** What became of steps, and how the saga has ended if it was its move. */
function eventsOf(model: Model, { world, happening, deeds }: Move): string[] {
  const done = deeds.map(({ step, what }) => `${model.wiring.steps[step]!.name} ${what}`);
  const { outcome, state } = model.sideOf(world);
  const isItsMove = !('letter' in happening) || (happening.type === 'hears' && isSaga(model, happening.letter.to));
  if (outcome === undefined || !isItsMove) return done;
  return [...done, outcome === 'completed' ? 'completed' : `ended (${state.reason})`];
}

const isSaga = ({ members }: Model, member: number): boolean => member === members.length - 1;

/** An arrow stands where its message is heard; what is on its way at the end comes last. */
function diagramOf(model: Model, moves: readonly Move[], flaw: string): string {
  const nameOf = (member: number) => (isSaga(model, member) ? 'saga' : model.members[member]!);
  const diagram = new SequenceDiagram(model.wiring.name, model.wiring.participants);
  for (const move of moves) {
    const { happening } = move;
    const where = 'letter' in happening ? nameOf(happening.letter.to) : 'saga';
    if (!('letter' in happening)) diagram.note([where], WORDS[happening.type]);
    else {
      const arrow = { from: nameOf(happening.letter.from), to: where, text: wordOf(happening.letter.type) };
      if (happening.type === 'loses') diagram.lost({ ...arrow, text: `${arrow.text}, discarded` });
      else diagram.arrow(happening.type === 'hears' ? arrow : { ...arrow, text: `${arrow.text}, once more` });
    }
    for (const text of eventsOf(model, move)) diagram.note([where], text);
  }
  const letters = model.underWay(moves.at(-1)?.world ?? model.start);
  for (const { from, to, type } of letters)
    diagram.pending({ from: nameOf(from), to: nameOf(to), text: `${wordOf(type)}, under way` });
  return diagram.note(['saga'], `✗ ${flaw}`).toString();
}
