import { type SagaDefinition, stepsOf } from './definition.ts';

/** The handlers of local steps by name, whatever they do. */
type Named = Readonly<Record<string, unknown>>;

/** What is wrong with the handlers of local steps, in view of all definitions that may run. */
export function faultOfHandlers<S extends { readonly id: string }>(
  definitions: readonly SagaDefinition<S>[],
  handlers: Named = {},
): string | undefined {
  const missing = [...localStepsOf(definitions)].find((name) => handlers[name] === undefined);
  return missing === undefined ? strayHandler(definitions, handlers) : `"${missing}" is local and has no handler`;
}

/** That a handler is of no local step in any of these definitions: it would never be called. */
export function strayHandler<S extends { readonly id: string }>(
  definitions: readonly SagaDefinition<S>[],
  handlers: Named = {},
): string | undefined {
  const local = localStepsOf(definitions);
  const unheeded = Object.keys(handlers).find((name) => !local.has(name));
  return unheeded === undefined ? undefined : `there is a handler of "${unheeded}", which is no local step of it`;
}

const localStepsOf = <S extends { readonly id: string }>(definitions: readonly SagaDefinition<S>[]) =>
  new Set(definitions.flatMap(stepsOf).flatMap((step) => (step.local ? [step.name] : [])));
