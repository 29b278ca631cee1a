import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { FunctionAt } from '../model/origin.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { classAround, contains, decoratorsOf, nameOf, pathOf, property, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { MessageUse } from './messages.ts';
import { isUnlisted } from './nest-modules.ts';
import { startersOf } from './starters.ts';
import { texts } from './topics.ts';

const NEST_CONSUMERS =
  /^(EventPattern|RabbitSubscribe|RabbitRPC|RabbitHandler|MessageHandler|SqsMessageHandler|KafkaListener)$/;

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

const LISTENS = /\b(connectMicroservice|createMicroservice)\b/;

/** A consumer of Nest that no module lists, or whose application is never connected to its broker. */
export function isDeaf(system: System, { part, file, node, library, handler }: Consumer): boolean {
  if (node.type !== 'Decorator') return false;
  if (handler && leadsToNobody(system, part, handler)) return true;
  const around = classAround(file, node) ?? file.all('ClassDeclaration').find((one) => contains(one, node));
  if (around && isUnlisted(system, part, around)) return true;
  if (library !== 'EventPattern') return false;
  const text = textOfAll(system.closureOf(part));
  if (listensByItself(system, part) || (/createMicroservice|startAllMicroservices/.test(text) && !isLeftToKit(system)))
    return false;
  // Who shows how others begin to listen shows how all do.
  return /\bNestFactory\b/.test(text) && LISTENS.test(textOfAll(system.program.files));
}

const LISTENING = /^(createMicroservice|startAllMicroservices)$/;

/** Where applications begin to listen, in parts and in libraries. */
const listening = perSystem(({ program }: System): readonly CallSite[] =>
  program.files.flatMap((file) =>
    callsIn(file)
      .filter((call) => LISTENING.test(pathOf(call.callee as Node).at(-1)!))
      .map((call) => ({ file, call })),
  ),
);

const isOfLibrary = (system: System, { file }: CallSite): boolean => system.partOf(file.path)?.kind === 'library';

/** Whether all begin to listen by functions of libraries, which somebody calls. */
const isLeftToKit = (system: System): boolean =>
  listening(system).length > 0 &&
  listening(system).every((site) => isOfLibrary(system, site) && startersOf(system, site).size > 0);

const listensByItself = (system: System, part: Part): boolean =>
  listening(system).some((site) =>
    isOfLibrary(system, site) ? startersOf(system, site).has(part) : system.filesOf(part).includes(site.file),
  );

const textOfAll = (files: readonly ParsedFile[]): string => files.map(({ lines }) => lines.join('\n')).join('\n');

const isHandler = (node: Node): boolean => decoratorsOf(node).some(({ name }) => /^(Command|Query)Handler$/.test(name));

/** `commandBus.execute(new Reserve(…))`, whose handler no module lists, as others are: Nest knows nobody to ask. */
function leadsToNobody(system: System, part: Part, handler: FunctionAt): boolean {
  const asked = system.program
    .callsReachedFrom(handler, 3)
    .flatMap((site) => system.program.calleesOf(site))
    .flatMap(({ file, node }) => classAround(file, node) ?? []);
  if (!asked.some((one) => isHandler(one) && isUnlisted(system, part, one))) return false;
  return system
    .filesOf(part)
    .some((file) => file.all('ClassDeclaration').some((one) => isHandler(one) && !isUnlisted(system, part, one)));
}

type Consumer = Pick<MessageUse, 'part' | 'file' | 'node' | 'library' | 'handler'>;

/** A decorator of this repository around a consumer, which may remember for it: `@Idempotent()`. */
const wrapperOf = ({ program }: System, file: ParsedFile, method: Node): FunctionAt | undefined =>
  decoratorsOf(method).flatMap(({ node }) => {
    const given = node.type === 'Decorator' ? unwrap(node.expression) : node;
    const origin = program.originOf(file, given.type === 'CallExpression' ? given.callee : given);
    return origin.kind === 'functions' ? origin.all : [];
  })[0];

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
        const wrapper = wrapperOf(system, file, method);
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
          ...(wrapper && { wrapper }),
        }));
      }),
  );
  return [...worked, ...heard];
}
