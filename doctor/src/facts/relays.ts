import type { Node } from 'oxc-parser';
import { type CallSite, callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { kindOf, libraryOf, topicNodes } from './messages.ts';

/** A call that publishes, and the field of what it is given that is the topic: `publish(row.topic, …)`. */
export interface Relay extends CallSite {
  /** Nothing where the topics are put together before they are handed over. */
  readonly field: string | undefined;
}

/** What publishes messages by a topic that they bring along. */
export const relays = perSystem((system: System): readonly Relay[] =>
  system.program.files.flatMap((file) =>
    callsIn(file).flatMap((call) => {
      if (kindOf(system, { file, call }) !== 'published') return [];
      const [topic] = topicNodes({ file, call }, libraryOf(system, { file, call }));
      const handed = topic ? handedBy(system, file, topic) : [];
      if (handed.length > 0) return handed;
      const field = topic && fieldIn(system, file, topic);
      return field === undefined && topic && !isTaken(system, file, topic) ? [] : [{ file, call, field }];
    }),
  ),
);

/** A name that is taken of a list, as in `for (const [topic, rows] of byTopic)`. */
const isTaken = ({ program }: System, file: ParsedFile, topic: Node): boolean => {
  const binding = topic.type === 'Identifier' ? program.scopesOf(file).lookUp(topic.name, topic) : undefined;
  return binding?.kind === 'value' && !binding.init;
};

/** `this.bus.publish(row.topic, …)`, where the bus is one of this repository around a client of the broker. */
function handedBy(system: System, file: ParsedFile, topic: Node): Relay[] {
  const binding = topic.type === 'Identifier' ? system.program.scopesOf(file).lookUp(topic.name, topic) : undefined;
  if (binding?.kind !== 'value' || binding.declaration !== 'parameter' || binding.path.length > 0) return [];
  return system.program.givenTo(file, binding).flatMap(({ file: home, node }) => {
    const call = home.parentOf(node);
    const field = fieldIn(system, home, node);
    return call?.type === 'CallExpression' && field !== undefined ? [{ file: home, call, field }] : [];
  });
}

function fieldIn({ program }: System, file: ParsedFile, topic: Node): string | undefined {
  if (topic.type === 'MemberExpression' && !topic.computed && topic.object.type === 'Identifier')
    return nameOf(topic.property as Node);
  const binding = topic.type === 'Identifier' ? program.scopesOf(file).lookUp(topic.name, topic) : undefined;
  const last = binding?.kind === 'value' ? binding.path.at(-1) : undefined;
  return last !== undefined && /^\d+$/.test(last) ? undefined : last;
}
