import type { Flaw, Law } from './flaw.ts';
import type { Ask, Deed, Side } from './observed-saga.ts';
import { isPastReturn } from './turn-laws.ts';
import type { Wiring } from './wiring.ts';
import type { Memory } from './world.ts';

/** A world as the laws look at it. */
export interface View {
  readonly wiring: Wiring;
  readonly side: Side;
  /** What the participants know, whatever the saga believes. */
  memoryOf(step: number): Memory;
  /** Whether no message is under way, and none was discarded. */
  isQuiet(): boolean;
}

/** The laws of a world: what a saga and its participants have come to together. */
const WORLD_LAWS: readonly (readonly [Law, (view: View) => string | undefined])[] = [
  ['no return', leadsBackOnlyWhenRefused],
  ['money', hasDoneAll],
  ['money', hasUndoneAll],
  ['silence', waitsForSomebody],
];

export function flawOfWorld(view: View): Flaw | undefined {
  for (const [law, check] of WORLD_LAWS) {
    const what = check(view);
    if (what !== undefined) return { law, what };
  }
  return undefined;
}

function leadsBackOnlyWhenRefused({ wiring, side, memoryOf }: View): string | undefined {
  const point = wiring.pointOfNoReturn;
  const isBack = side.state.direction === 'backward' || side.outcome === 'compensated';
  if (!point || !isBack || !isPastReturn(wiring, side)) return undefined;
  if (point.kind === 'pivot' && memoryOf(point.index) === 'refused') return undefined;
  return `The saga leads back, although "${point.name}" was asked for and has not been refused.`;
}

function hasDoneAll({ wiring, side, memoryOf }: View): string | undefined {
  if (side.outcome !== 'completed') return undefined;
  const missing = wiring.steps.find(({ index }) => memoryOf(index) !== 'done');
  if (missing) return `The saga has completed, but "${missing.name}" is ${wordFor(memoryOf(missing.index))}.`;
  return side.state.cancelled ? 'The saga has completed, although it was cancelled.' : undefined;
}

/** From its end on: what is still under way must not do anything later, either. */
function hasUndoneAll({ wiring, side, memoryOf }: View): string | undefined {
  if (side.outcome !== 'compensated') return undefined;
  const left = wiring.steps.find(({ index }) => memoryOf(index) === 'done');
  if (left) return `All ought to be undone in the end, but "${left.name}" is done.`;
  const open = wiring.steps.find(({ index }) => side.asked.has(index) && memoryOf(index) === 'none');
  return open && `The saga has ended, but "${open.name}" was asked for and may still be done.`;
}

function waitsForSomebody({ wiring, side, isQuiet }: View): string | undefined {
  if (side.state.direction === 'ended' || !isQuiet()) return undefined;
  const open = wiring.steps.flatMap(({ name, index }) => {
    const { status } = side.state.steps[index]!;
    return status === 'sent' || status === 'compensating' ? [`"${name}" is ${status}`] : [];
  });
  const where = open.length === 0 ? '' : `: ${open.join(', ')}`;
  return `Everybody has answered, nothing is under way, and the saga waits all the same${where}.`;
}

const wordFor = (memory: Memory): string => (memory === 'none' ? 'not done' : memory);

/** What a saga asks for, in view of what the participants have done. */
export function flawOfAsk(view: View, { action, step }: Ask): Flaw | undefined {
  const what = action === 'do' ? tooEarly(view, step) : outOfOrder(view, step);
  return what === undefined ? undefined : { law: 'order', what };
}

function tooEarly({ wiring, memoryOf }: View, step: number): string | undefined {
  const before = wiring.steps.slice(0, step).find(({ index }) => memoryOf(index) !== 'done');
  if (!before) return undefined;
  return `"${wiring.steps[step]!.name}" is asked for, but "${before.name}" is ${wordFor(memoryOf(before.index))}.`;
}

function outOfOrder({ wiring, side, memoryOf }: View, step: number): string | undefined {
  if (wiring.isChoreography) return undefined;
  const { name } = wiring.steps[step]!;
  if (!side.asked.has(step)) return `"${name}" is undone, but was never asked for.`;
  const later = wiring.steps.find(({ index, kind }) => {
    const isSettled = memoryOf(index) === 'undone' || memoryOf(index) === 'refused';
    return index > step && kind === 'compensatable' && side.asked.has(index) && !isSettled;
  });
  return later && `"${name}" is undone before "${later.name}", which came after it.`;
}

/** What a participant does, in view of what the others have done. */
export function flawOfDeed({ wiring, memoryOf }: View, { step, what }: Deed): Flaw | undefined {
  const { name, kind } = wiring.steps[step]!;
  const point = wiring.pointOfNoReturn;
  if (what === 'undone') {
    const isBoth = point !== undefined && memoryOf(point.index) === 'done' && memoryOf(step) === 'done';
    return isBoth ? { law: 'no return', what: `"${name}" is undone, although "${point.name}" is done.` } : undefined;
  }
  if (what === 'refused' || kind === 'compensatable') return undefined;
  const missing = wiring.steps.find(
    (other) => other.index < step && other.kind !== kind && memoryOf(other.index) !== 'done',
  );
  if (!missing) return undefined;
  return { law: 'order', what: `"${name}" is done, but "${missing.name}" is ${wordFor(memoryOf(missing.index))}.` };
}
