import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { type AnyCall, contains, functionsAround, isFunction, lastOf, nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { messageContracts } from './contracts.ts';
import { isWrite } from './effects.ts';
import { type MessageUse, messageUses } from './messages.ts';
import { transactionOf } from './transaction-handles.ts';

/** Work that a message asks for, and for which its handler does not wait: its broker takes it for done before. */
export interface UnawaitedWork {
  readonly file: ParsedFile;
  readonly node: Node;
}

/** Who takes a message for done when the promise of its handler is. */
const BY_PROMISE = /^(kafkajs|@confluentinc\/kafka-javascript|bullmq|bull|@azure\/service-bus)$/;

/** All of them: `eachMessage: async (message) => { void handle(message); }`. */
export const unawaitedWork = perSystem((system: System): readonly UnawaitedWork[] => {
  const found = messageUses(system)
    .filter(({ kind, library }) => kind === 'consumed' && BY_PROMISE.test(library))
    .flatMap((use) => unawaitedIn(system, use))
    .concat(reactions(system).flatMap((handler) => unawaitedIn(system, { handler })));
  const handed = system.program.files.flatMap((file) => handedInVain(system, file));
  return [...new Map([...found, ...handed].map((one) => [one.node, one])).values()];
});

/** What a kit runs for each message of a contract: `on(OrderPlaced, async (message) => …)`. */
const reactions = (system: System): FunctionAt[] => {
  const uses = messageContracts(system).flatMap((contract) => contract.uses.filter(({ kind }) => kind === 'consumed'));
  return [...new Set(uses.map(({ file }) => file))].flatMap((file) => {
    const lines = new Set(uses.flatMap((use) => (use.file === file ? [use.line] : [])));
    return callsIn(file).flatMap((call) => {
      const [contract, node] = call.arguments as readonly Node[];
      const isHeard = contract?.type === 'Identifier' && lines.has(file.lineAt(contract.start));
      return isHeard && isFunction(node) ? [{ file, node }] : [];
    });
  });
};

/** `void effect(data, manager)`: the transaction ends without what it was handed to. */
const handedInVain = (system: System, file: ParsedFile): UnawaitedWork[] =>
  file.all('ExpressionStatement').flatMap((statement) => {
    const { expression } = statement as { readonly expression: Node };
    const isVoid = expression.type === 'UnaryExpression' && expression.operator === 'void';
    const call = rootOf(isVoid ? expression.argument : expression);
    const [around] = functionsAround(file, statement);
    if (!call || !around || !transactionOf(file, around)) return [];
    const handles = (around.params as readonly Node[]).flatMap((one) => nameOf(one) ?? []);
    const isHanded = (call.arguments as readonly Node[]).some((given) => handles.includes(nameOf(given) ?? ''));
    const run = system.program.calleesOf({ file, call });
    const isLeft = isVoid || (run.length > 0 && run.every(({ node }) => node.async));
    return isHanded && isLeft ? [{ file, node: statement }] : [];
  });

function unawaitedIn(system: System, { handler }: Pick<MessageUse, 'handler'>): UnawaitedWork[] {
  if (!handler) return [];
  const { file, node } = handler;
  return file.all('ExpressionStatement').flatMap((statement) => {
    if (!contains(node, statement) || functionsAround(file, statement)[0] !== node) return [];
    const { expression } = statement as { readonly expression: Node };
    const isVoid = expression.type === 'UnaryExpression' && expression.operator === 'void';
    const call = rootOf(isVoid ? expression.argument : expression);
    const run = call ? system.program.calleesOf({ file, call }) : [];
    const changes = run.some((one) => system.program.callsReachedFrom(one, 4).some((site) => isWrite(system, site)));
    return changes && run.some((one) => one.node.async) ? [{ file, node: statement }] : [];
  });
}

/** The call whose promise is only listened to: `handle(message)` of `handle(message).catch(log)`. */
function rootOf(node: Node): AnyCall | undefined {
  if (node.type !== 'CallExpression') return undefined;
  const { callee } = node;
  const isChained = callee.type === 'MemberExpression' && /^(then|catch|finally)$/.test(lastOf(callee));
  return isChained ? rootOf(callee.object) : node;
}
