import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import type { CallSite } from '../model/program.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { type AnyCall, type AnyFunction, contains, functionsAround, isFunction, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isWrite, sqlOf } from './effects.ts';

/** A message that goes into the outbox in another transaction than the change that it tells of, or in none. */
export interface TornOutbox {
  readonly file: ParsedFile;
  readonly message: Node;
  readonly change: Node;
}

const OUTBOX = /outbox/i;
const FILLS = /^\s*insert\s+into\s+\S*outbox/i;
const PUTS_IN = /^(add|save|insert|create|store|append|publish|enqueue|write|put)(All|Many)?$/;
const TRANSACTION =
  /^\$?(transaction|with_?transaction|in_?transaction|run_?in_?transaction|atomic|transactional|begin)$/i;

/** All of them, in services. */
export const tornOutboxes = perSystem((system: System): readonly TornOutbox[] =>
  system.services.flatMap((part) => system.filesOf(part).flatMap((file) => tornIn(system, file))),
);

/** The calls of a file that put something into an outbox. */
export const putsInto = (system: System, file: ParsedFile): readonly AnyCall[] =>
  callsIn(file).filter((call) => {
    const path = pathOf(call.callee as Node);
    if (FILLS.test(sqlOf(system, { file, call }))) return true;
    const [first] = call.arguments as readonly Node[];
    const named = [...path.slice(0, -1), first?.type === 'Identifier' ? first.name : ''].join('.');
    const called = file.textOf(call.callee as Node);
    const isQuery = called.length < 80 && /\(\s*['"`]?\w*outbox\w*['"`]?\s*\)/i.test(called);
    return path.length > 1 && PUTS_IN.test(path.at(-1)!) && (OUTBOX.test(named) || isQuery);
  });

function tornIn(system: System, file: ParsedFile): TornOutbox[] {
  const puts = putsInto(system, file);
  return puts.flatMap((message) => {
    const method = functionsAround(file, message).find((one) => !transactionOf(file, one));
    if (!method) return [];
    const change = callsIn(file).find(
      (call) =>
        call !== message &&
        contains(method, call) &&
        !puts.includes(call) &&
        !OUTBOX.test(file.textOf(call.callee as Node)) &&
        isWrite(system, { file, call }),
    );
    if (!change) return [];
    const [one, other] = [enclosing(file, message, method), enclosing(file, change, method)];
    if (one !== undefined && one === other && isPastTransaction(file, one, { message, change })) {
      return [{ file, message, change }];
    }
    if (one === undefined && other === undefined && isBesideBegun(file, method, { message, change }))
      return [{ file, message, change }];
    if (one === other && (one !== undefined || isWithinTransactions(system, { file, node: method }))) return [];
    return [{ file, message, change }];
  });
}

/** The function that a transaction runs: the argument of `db.transaction(…)`. */
function transactionOf(file: ParsedFile, node: AnyFunction): boolean {
  const call = file.parentOf(node);
  return call?.type === 'CallExpression' && TRANSACTION.test(pathOf(call.callee).at(-1)!);
}

/** One of the two is told the transaction that they are in, and the other one is not. */
function isPastTransaction(file: ParsedFile, run: AnyFunction, { message, change }: Omit<TornOutbox, 'file'>): boolean {
  const [parameter] = run.params as readonly Node[];
  const name = parameter?.type === 'Identifier' ? parameter.name : parameter ? undefined : 'session';
  if (name === undefined) return false;
  const isTold = (node: Node): boolean => new RegExp(`\\b${name}\\b`).test(file.textOf(node));
  return isTold(change) !== isTold(message);
}

const BEGINS =
  /\.(beginTransaction|begin|startTransaction)\(|\.(query|execute)\(\s*['"`]\s*(begin|start transaction)\b/i;

/** A transaction that one connection begins, and one of the two asks another one: the pool. */
function isBesideBegun(file: ParsedFile, method: AnyFunction, { message, change }: Omit<TornOutbox, 'file'>): boolean {
  const receiver = (call: Node): string =>
    pathOf((call as AnyCall).callee as Node)
      .slice(0, -1)
      .join('.');
  const begun = callsIn(file)
    .filter((call) => contains(method, call) && BEGINS.test(`.${file.textOf(call).split('.').slice(-1)[0]}`))
    .map(receiver);
  const [one, other] = [receiver(message), receiver(change)];
  const isOfBegun = (given: string): boolean => given === begun[0] || given.startsWith(`${begun[0]}.`);
  return begun.length === 1 && isOfBegun(one) !== isOfBegun(other);
}

const enclosing = (file: ParsedFile, node: Node, within: AnyFunction): AnyFunction | undefined =>
  functionsAround(file, node).find((one) => transactionOf(file, one) && contains(within, one));

/** Whether everybody who calls it has begun a transaction, or nobody is known who does. */
function isWithinTransactions(system: System, { file, node }: FunctionAt, depth = 0): boolean {
  const text = file.textOf(node);
  if (/\bbegin\b/i.test(text) || /\b(transaction|trx|tx|client|session|manager|em)\b/.test(text)) return true;
  const callers: readonly CallSite[] = system.program.callersOf(node);
  if (callers.length === 0 || depth > 4) return callers.length === 0;
  return callers.every((site) => {
    const around = functionsAround(site.file, site.call);
    if (around.some((one) => transactionOf(site.file, one))) return true;
    const [next] = around.filter((one) => isFunction(one));
    return next !== undefined && isWithinTransactions(system, { file: site.file, node: next }, depth + 1);
  });
}
