import type { Change } from './change.ts';
import { isSame, type JsonObject } from './json.ts';
import { isAnnotation } from './schema-form.ts';

/** A change that breaks somebody, with how and with what to do instead. */
export type Breach = Omit<Change, 'breaks' | 'remedy'> & { readonly remedy: string };

export const breaking = (breach: Breach): Change => ({ breaks: true, ...breach });

export const fine = (change: Omit<Change, 'breaks' | 'why' | 'remedy'>): Change => ({
  breaks: false,
  ...change,
  why: 'Nobody who goes on as before notices it.',
});

/** The differences of two objects in fields that no rule knows; annotations are free. */
export function notUnderstood(
  { was, is, at }: { readonly was: JsonObject; readonly is: JsonObject; readonly at: string },
  known: readonly string[],
): Change[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return names
    .filter((name) => !known.includes(name) && !isAnnotation(name) && !isSame(was[name], is[name]))
    .map((name) =>
      breaking({
        kind: 'not understood',
        at: `${at} (${name})`,
        was: was[name],
        is: is[name],
        why: 'Nobody knows what this does to others, so it counts as breaking.',
        remedy: 'Leave it as it was, or teach the comparison what it means.',
      }),
    );
}
