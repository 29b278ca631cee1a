import type { Contract } from '@ashlar/messaging';
import type { AnyStep } from '../definition.ts';

/** Whether a step takes other events for answers than its command says, or is refused where nothing leads back. */
export function answerFault({ name, kind, ...step }: AnyStep<never>, asks: Contract | undefined): string | undefined {
  const answers = asks?.answers?.();
  if (!asks || !answers) return undefined;
  const { done, refused } = answers;
  if (kind === 'retriable' && refused)
    return `"${name}" can be refused by ${refused.type}, but stands where nothing leads back.`;
  return (
    otherThan(asks, { does: 'done', told: step.done, by: done }) ??
    otherThan(asks, { does: 'refused', told: step.refused, by: refused })
  );
}

/** The same of its undoing, which nobody may refuse. */
export function undoingAnswerFault({ name, undone }: AnyStep<never>, asks: Contract | undefined): string | undefined {
  const answers = asks?.answers?.();
  if (!asks || !answers) return undefined;
  if (answers.refused) return `The undoing of "${name}" can be refused by ${answers.refused.type}.`;
  return otherThan(asks, { does: 'done', told: undone, by: answers.done });
}

interface Answer {
  readonly does: 'done' | 'refused';
  readonly told: Contract | undefined;
  readonly by: Contract | undefined;
}

function otherThan(asks: Contract, { does, told, by }: Answer): string | undefined {
  if (told?.type === by?.type) return undefined;
  const rightly = by ? `by ${by.type}` : 'never';
  return `That ${asks.type} is ${does} is told ${rightly}, and not by ${told?.type ?? 'nothing'}.`;
}
