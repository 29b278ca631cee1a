import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import { decoratorsOf, nameOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { MessageUse } from './messages.ts';
import { texts } from './topics.ts';

const NEST_CONSUMERS = /^(EventPattern|RabbitSubscribe|RabbitHandler|MessageHandler|SqsMessageHandler|KafkaListener)$/;

/** The workers of Nest's queues: `@Processor('mail')` on the class, and what it does in `process`. */
const processors = (file: ParsedFile) =>
  file.all('ClassDeclaration').flatMap((holder) =>
    decoratorsOf(holder)
      .filter(({ name }) => name === 'Processor')
      .flatMap((decorator) =>
        (holder.body.body as readonly Node[]).flatMap((member) =>
          member.type === 'MethodDefinition' &&
          (nameOf(member.key as Node) === 'process' || decoratorsOf(member).some(({ name }) => name === 'Process'))
            ? [{ method: member, decorator }]
            : [],
        ),
      ),
  );

/** Nest's consumers: methods with a decorator. */
export function decorated(system: System, part: Part, file: ParsedFile): MessageUse[] {
  const worked = processors(file).map(({ method, decorator: { args, node } }): MessageUse => {
    const given = args[0]?.type === 'ObjectExpression' ? property(args[0], 'name') : args[0];
    const [topic] = given ? texts(system, file, given) : [undefined];
    const handler = { file, node: method.value };
    const line = file.lineAt(node.start);
    return { part, file, node, line, kind: 'consumed', library: 'bullmq', topic, handler, raw: undefined };
  });
  const heard = file.all('MethodDefinition').flatMap((method) =>
    decoratorsOf(method)
      .filter(({ name }) => NEST_CONSUMERS.test(name))
      .flatMap(({ name, args, node }) => {
        const given = args[0]?.type === 'ObjectExpression' ? (property(args[0], 'routingKey') ?? args[0]) : args[0];
        const topics = given ? texts(system, file, given) : [undefined];
        const handler = { file, node: method.value };
        const line = file.lineAt(node.start);
        return topics.map((topic) => ({
          part,
          file,
          node,
          line,
          kind: 'consumed' as const,
          library: name,
          topic,
          handler,
          raw: undefined,
        }));
      }),
  );
  return [...worked, ...heard];
}
