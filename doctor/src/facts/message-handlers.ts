import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { ancestorsOf, functionsAround, isFunction, nameOf, property, unwrap } from '../source/ast.ts';
import type { NodeOf, ParsedFile } from '../source/parsed-file.ts';

/** The function that a subscription calls: an argument, or the `eachMessage` of the same consumer. */
export function handlerOf({ program }: System, { file, call }: CallSite): FunctionAt | undefined {
  const given = (call.arguments as readonly Node[]).toReversed().map((argument) => functionAt(argument));
  const own = given.find((one) => one !== undefined);
  if (own) return own;
  const receiver = call.callee.type === 'MemberExpression' ? file.textOf(call.callee.object as Node) : '';
  const run = callsIn(file).find(
    (other) => other.callee.type === 'MemberExpression' && file.textOf(other.callee as Node) === `${receiver}.run`,
  );
  const batch =
    run && (property(run.arguments[0] as Node, 'eachMessage') ?? property(run.arguments[0] as Node, 'eachBatch'));
  if (batch) return functionAt(batch);
  const each = loopOver(file, call);
  if (each) return { file, node: each.body as unknown as FunctionAt['node'] };
  // A module may itself go round: `while (true) { … await redis.xreadgroup(…) … }`.
  const around = functionsAround(file, call)[0] ?? ancestorsOf(file, call).find(({ type }) => ROUNDS.test(type));
  return around && { file, node: around as FunctionAt['node'] };

  function functionAt(node: Node): FunctionAt | undefined {
    if (isFunction(node)) return { file, node };
    if (node.type === 'ObjectExpression') {
      const callback = HANDLERS.map((name) => property(node, name)).find((one) => one !== undefined);
      return callback && functionAt(callback);
    }
    const origin = program.originOf(file, node);
    return origin.kind === 'functions' ? origin.all[0] : undefined;
  }
}

const ROUNDS = /^(While|For|DoWhile)Statement$/;

/** Under which names functions are handed over that handle messages. */
const HANDLERS = [
  'callback',
  'handle',
  'handler',
  'handleMessage',
  'handleMessageBatch',
  'onMessage',
  'process',
  'processMessage',
];

/** `for await (const message of subscription)`. */
function loopOver(file: ParsedFile, call: Node): NodeOf<'ForOfStatement'> | undefined {
  const holder = ancestorsOf(file, call).find(({ type }) => type !== 'AwaitExpression' && type !== 'ChainExpression');
  const name = holder?.type === 'VariableDeclarator' ? nameOf(holder.id as Node) : undefined;
  return file
    .all('ForOfStatement')
    .find(({ right }) => unwrap(right) === call || (name !== undefined && nameOf(unwrap(right)) === name));
}
