import type { Meaning, WiredStep } from './wired-step.ts';

/** What a participant does once it has heard certain messages: one step of the saga, or the undoing of it. */
export interface Reaction {
  readonly participant: string;
  readonly action: 'do' | 'undo';
  readonly step: string;
  /** The types of the messages that it has to hear, all of them, in any order. */
  readonly upon: readonly string[];
}

/** What a local step of a choreography tells the others once it is done. */
export const localNews = ({ name }: { readonly name: string }): string => `${name} done`;

const BEGUN = 'begun';

/**
 * The usual choreography: each participant acts on the success of the one before it, undoes upon every refusal of a
 * step after its own, and undoes upon the announcements.
 */
export const chainOf = (steps: readonly WiredStep[], announcements: readonly string[]): Reaction[] =>
  steps.flatMap((step, index) => {
    const { home: participant, kind, local, types } = step;
    if (local || participant === undefined) return [];
    const before = steps[index - 1];
    const news = before?.local ? localNews(before) : before?.types.done;
    const cue = types.do ?? (index === 0 ? BEGUN : news);
    const does = cue === undefined ? [] : [{ participant, action: 'do' as const, step: step.name, upon: [cue] }];
    if (kind !== 'compensatable') return does;
    const refusals = steps
      .slice(index + 1)
      .flatMap(({ home, types: { refused } }) => (home === participant || refused === undefined ? [] : [refused]));
    const cues = [...new Set([...refusals, ...announcements])];
    return [...does, ...cues.map((type) => ({ participant, action: 'undo' as const, step: step.name, upon: [type] }))];
  });

/** In an orchestration each participant does what it is asked. */
export const commandsOf = (steps: readonly WiredStep[], meanings: ReadonlyMap<string, Meaning>): Reaction[] =>
  steps.flatMap(({ home: participant, name: step, again }) => {
    if (participant === undefined) return [];
    const mine = [...meanings].filter(([, meaning]) => meaning.step.name === step);
    const asks = mine.flatMap(([type, { sense }]) =>
      sense === 'do' || sense === 'undo' ? [{ participant, action: sense, step, upon: [type] }] : [],
    );
    const isOther = again !== undefined && !meanings.has(again);
    return isOther ? [...asks, { participant, action: 'do', step, upon: [again] }] : asks;
  });
