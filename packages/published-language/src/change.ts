import { type Json, shown } from './json.ts';

/** Who writes what a document describes, and who reads it: that decides whom a change of it breaks. */
export type Direction = 'request' | 'response' | 'command' | 'event';

/** One difference between what was recorded and what is now. */
export interface Change {
  readonly breaks: boolean;
  /** Which kind of change it is, in words that do not change. */
  readonly kind: string;
  /** Where in the document, in words: `order.OrderCreated.v1 data/total/amount`. */
  readonly at: string;
  readonly was: Json | undefined;
  readonly is: Json | undefined;
  /** Who is broken by it, and how; or why nobody is. */
  readonly why: string;
  /** What to do instead; absent where nothing has to be done. */
  readonly remedy?: string;
}

/** A change as a person reads it at the terminal. */
export function formatChange({ breaks, kind, at, was, is, why, remedy }: Change): string {
  const lines = [`${breaks ? '✖' : '✔'} ${at}: ${kind}`, `    was ${shown(was)}`, `    is  ${shown(is)}`, `    ${why}`];
  return [...lines, ...(remedy ? [`    → ${remedy}`] : [])].join('\n');
}
