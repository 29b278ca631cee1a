import { type SagaDefinition, stepsOf } from './definition.ts';

/** The handlers of local steps by name, whatever they do. */
type Named = Readonly<Record<string, unknown>>;

/** What is wrong with the handlers of local steps, in view of all definitions that may run. */
export function faultOfHandlers<S extends { readonly id: string }>(
  definitions: readonly SagaDefinition<S>[],
  handlers: Named = {},
): string | undefined {
  const local = new Set(definitions.flatMap(stepsOf).flatMap((step) => (step.local ? [step.name] : [])));
  const missing = [...local].find((name) => handlers[name] === undefined);
  if (missing !== undefined) return `"${missing}" is local and has no handler`;
  const unheeded = Object.keys(handlers).find((name) => !local.has(name));
  return unheeded && `there is a handler of "${unheeded}", which is no local step of it`;
}
