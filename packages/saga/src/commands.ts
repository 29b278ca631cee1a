import type { Contract } from '@ashlar/messaging';
import { sampleData } from './check/sample-data.ts';
import { type SagaDefinition, stepsOf } from './definition.ts';

/** Every command that a saga sends, to do its steps and to undo them. */
export function commandsOf<S extends { readonly id: string }>(definition: SagaDefinition<S>): readonly Contract[] {
  const sent = stepsOf(definition).flatMap(({ do: send, again, undo }) => [send, again, undo]);
  const contracts = sent.flatMap((send) => (send ? [send(sampleData<S>()).contract] : []));
  const commands = contracts.filter(({ kind }) => kind === 'command');
  return [...new Map(commands.map((contract) => [contract.type, contract])).values()];
}
