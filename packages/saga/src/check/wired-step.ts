import type { Contract } from '@ashlar/messaging';
import type { AnyStep, Send, StepKind } from '../definition.ts';

/** What a message can say of a step. */
export const SENSES = ['do', 'undo', 'done', 'refused', 'undone'] as const;
export type Sense = (typeof SENSES)[number];

/** A step as its messages tell it. */
export interface WiredStep {
  readonly index: number;
  readonly name: string;
  readonly kind: StepKind;
  readonly local: boolean;
  /** The participant that does it; none where it is local, or where nothing tells. */
  readonly home: string | undefined;
  readonly types: { readonly [sense in Sense]?: string };
  /** What is said instead of `do` when it stays silent. */
  readonly again?: string;
}

/** What a message says of a step. */
export interface Meaning {
  readonly step: WiredStep;
  readonly sense: Sense;
}

/** `flight` of `flight.BookFlight.v1` */
export const serviceOf = (type: string): string => type.split('.')[0]!;

/** `BookFlight` of `flight.BookFlight.v1` */
export const wordOf = (type: string): string => type.split('.')[1] ?? type;

export function wire<S>(step: AnyStep<S>, index: number, data: S): WiredStep {
  const asks = contractOf(step.do, data);
  const found: Readonly<Record<Sense, string | undefined>> = {
    do: asks?.type,
    undo: contractOf(step.undo, data)?.type,
    done: step.done?.type,
    refused: step.refused?.type,
    undone: step.undone?.type,
  };
  const types = Object.fromEntries(Object.entries(found).filter(([, type]) => type !== undefined));
  // A command tells who is asked; who acts by himself is told by what he answers.
  const told = asks?.kind === 'command' ? asks.type : (found.done ?? found.refused);
  const again = contractOf(step.again, data)?.type;
  const { name, kind, local = false } = step;
  const home = local || told === undefined ? undefined : serviceOf(told);
  return { index, name, kind, local, types, home, ...(again !== undefined && { again }) };
}

/** A message that cannot be built is none; it is found when the saga tries to. */
export function contractOf<S>(build: Send<S> | undefined, data: S): Contract | undefined {
  try {
    return build?.(data).contract;
  } catch {
    return undefined;
  }
}
