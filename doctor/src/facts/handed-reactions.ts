import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { nameOf } from '../source/ast.ts';
import { handlerOf } from './message-handlers.ts';
import { type Row, rowsOf } from './topics.ts';

const TABLES = /^(handlers?|reactions?|listeners?|consumers?|processors?|subscriptions?|on)$/i;

/**
 * What a kit runs of a table that it is handed with a stream: `consume({ topic, handlers: { 'order.placed': … } })`.
 * The stream is what is heard; each entry is what is done with some of its messages.
 */
export function handedReactions(system: System, place: CallSite): readonly (Row & { handler: FunctionAt })[] {
  if (handlerOf(system, place)) return [];
  const named = (place.call.arguments as readonly Node[]).flatMap((given): { name: string; node: Node }[] => {
    if (given.type !== 'ObjectExpression') return [{ name: nameOf(given) ?? '', node: given }];
    return given.properties.flatMap((entry) =>
      entry.type === 'Property' ? [{ name: nameOf(entry.key) ?? '', node: entry.value as Node }] : [],
    );
  });
  return named
    .filter(({ name, node }) => TABLES.test(name) || TABLES.test(/[A-Z]?[a-z]+$/.exec(nameOf(node) ?? '')?.[0] ?? ''))
    .flatMap(({ node }) => rowsOf(system, place.file, node))
    .flatMap(({ handler, ...row }) => (handler ? [{ ...row, handler }] : []));
}
