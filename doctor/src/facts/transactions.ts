import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import type { CallSite } from '../model/program.ts';
import { callsIn } from '../model/program.ts';
import { annotationOf } from '../model/scope.ts';
import { perSystem, type System } from '../model/system.ts';
import {
  type AnyCall,
  type AnyFunction,
  contains,
  functionsAround,
  isFunction,
  nameOf,
  pathOf,
} from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isWrite, sqlOf } from './effects.ts';
import { entityOf } from './entities.ts';
import { outboxNames } from './outbox-names.ts';
import { classify, connectionOf, HANDLE, HANDLE_TYPE, transactionOf } from './transaction-handles.ts';

/** A message that goes into the outbox in another transaction than the change that it tells of, or in none. */
export interface TornOutbox {
  readonly file: ParsedFile;
  readonly message: Node;
  readonly change: Node;
}

/** Whether a statement puts something into an outbox. */
const fills = (system: System, sql: string): boolean =>
  outboxNames(system).test(/^\s*insert\s+into\s+(\S+)/i.exec(sql)?.[1] ?? '');
const PUTS_IN =
  /^(add|save|insert|insertInto|create|store|append|publish|enqueue|write|put|persist|persistAndFlush)(All|Many)?$/;

/** All of them, in services, and in what libraries do for them. */
export const tornOutboxes = perSystem((system: System): readonly TornOutbox[] => [
  ...system.services.flatMap((part) => system.filesOf(part).flatMap((file) => tornIn(system, file))),
  ...system.program.files.flatMap((file) => pastHandles(system, file)),
]);

/** What puts a message into the outbox is handed a transaction, and does not use it. */
const pastHandles = (system: System, file: ParsedFile): TornOutbox[] =>
  putsInto(system, file).flatMap((message) => {
    const [around] = functionsAround(file, message);
    const handle = (around?.params as readonly Node[] | undefined)?.find((one) => isHandle(file, one));
    const name = nameOf(handle);
    if (!around || !handle || name === undefined || connectionOf(system, { file, call: message }) !== 'root') return [];
    const isUsed = file.all('Identifier').some((one) => one.name === name && one !== handle && contains(around, one));
    return isUsed ? [] : [{ file, message, change: handle }];
  });

/** By its name, or by its type: `_manager: EntityManager`. */
const isHandle = (file: ParsedFile, parameter: Node): boolean => {
  const type = annotationOf(parameter);
  return HANDLE.test(nameOf(parameter) ?? '') || (type !== undefined && HANDLE_TYPE.test(file.textOf(type)));
};

/** A call of a function of this repository that puts a message into the outbox. */
export const putsThrough = (system: System, site: CallSite): boolean =>
  system.program
    .calleesOf(site)
    .some(
      ({ file, node }) =>
        !(file === site.file && contains(node, site.call)) && putsInto(system, file).some((put) => contains(node, put)),
    );

/** The calls of a file that put something into an outbox. */
export function putsInto(system: System, file: ParsedFile): readonly AnyCall[] {
  const known = putsByFile(system);
  const found = known.get(file) ?? putsIn(system, file);
  known.set(file, found);
  return found;
}

const putsByFile = perSystem((): Map<ParsedFile, readonly AnyCall[]> => new Map());

const putsIn = (system: System, file: ParsedFile): readonly AnyCall[] =>
  !outboxNames(system).test(file.lines.join('\n'))
    ? []
    : callsIn(file).filter((call) => {
        const path = pathOf(call.callee as Node);
        if (fills(system, sqlOf(system, { file, call }))) return true;
        const [first] = call.arguments as readonly Node[];
        const named = [
          ...path.slice(0, -1),
          first?.type === 'Identifier' ? first.name : '',
          entityOf(system, file, first),
        ].join('.');
        const called = file.textOf(call.callee as Node);
        const [, built = ''] = (called.length < 80 && /\(\s*['"`]?(\w+)['"`]?\s*\)/.exec(called)) || [];
        const table = path.at(-1) === 'insertInto' ? (nameOf(first) ?? '') : built;
        const names = outboxNames(system);
        return path.length > 1 && PUTS_IN.test(path.at(-1)!) && (names.test(named) || names.test(table));
      });

function tornIn(system: System, file: ParsedFile): TornOutbox[] {
  const direct = putsInto(system, file);
  const puts = [
    ...direct,
    ...callsIn(file).filter((call) => !direct.includes(call) && putsThrough(system, { file, call })),
  ];
  return puts.flatMap((message) => {
    const method = functionsAround(file, message).find((one) => !transactionOf(file, one) && !isStep(file, one));
    if (!method) return [];
    const changes = callsIn(file).filter(
      (call) =>
        call !== message &&
        contains(method, call) &&
        !puts.includes(call) &&
        !outboxNames(system).test(file.textOf(call.callee as Node)) &&
        isWrite(system, { file, call }),
    );
    const change =
      changes.find((one) => enclosing(file, one, method) === enclosing(file, message, method)) ?? changes[0];
    if (!change) return apartThrough(system, file, { message, method, puts });
    const apart = changedApart(system, { file, message, changes });
    if (apart) return [{ file, message, change: apart }];
    const [one, other] = [enclosing(file, message, method), enclosing(file, change, method)];
    if (one && other && !contains(one, other) && !contains(other, one)) return [{ file, message, change }];
    if (!direct.includes(message)) return [];
    if (one !== undefined && one === other && isPastTransaction(file, one, { message, change })) {
      return [{ file, message, change }];
    }
    if (one === undefined && other === undefined && isBesideBegun(file, method, { message, change }))
      return [{ file, message, change }];
    if (one === other && (one !== undefined || isWithinTransactions(system, { file, node: method }))) return [];
    return [{ file, message, change }];
  });
}

interface Put {
  readonly message: AnyCall;
  readonly method: AnyFunction;
  readonly puts: readonly AnyCall[];
}

/** The same where functions of this repository make the change: `orders.insert(client, order)`. */
function apartThrough(system: System, file: ParsedFile, { message, method, puts }: Put): TornOutbox[] {
  const changes = callsIn(file).filter(
    (call) =>
      contains(method, call) &&
      !puts.includes(call) &&
      !(call.arguments as readonly Node[]).some((given) => isFunction(given)) &&
      system.program
        .calleesOf({ file, call })
        .some((callee) => system.program.callsReachedFrom(callee, 2).some((site) => isWrite(system, site))),
  );
  const isRoot = lacksHandle(system, { file, call: message });
  const change = isRoot && changes.find((call) => connectionOf(system, { file, call }) === 'transaction');
  return change ? [{ file, message, change }] : [];
}

/** `note(undefined, message)` and `note()`, where the function would take a transaction there. */
const lacksHandle = (system: System, site: CallSite): boolean =>
  system.program.calleesOf(site).some(({ node }) => {
    const index = (node.params as readonly Node[]).findIndex((one) => HANDLE.test(nameOf(one) ?? ''));
    const given = site.call.arguments[index] as Node | undefined;
    const isNothing = given?.type === 'Literal' ? given.value === null : nameOf(given) === 'undefined';
    const isRoot = given !== undefined && classify(system, { file: site.file, node: given }) === 'root';
    return index >= 0 && (given === undefined || isNothing || isRoot);
  });

/** What goes on after a promise, or for each of a list, belongs to the function around it. */
function isStep(file: ParsedFile, node: AnyFunction): boolean {
  const call = file.parentOf(node);
  return call?.type === 'CallExpression' && /^(then|finally|map|flatMap|forEach)$/.test(pathOf(call.callee).at(-1)!);
}

interface Together {
  readonly file: ParsedFile;
  readonly message: AnyCall;
  readonly changes: readonly AnyCall[];
}

/** A change that certainly is in another transaction than its message: one has a handle, and the other one has none. */
function changedApart(system: System, { file, message, changes }: Together): AnyCall | undefined {
  const of = (call: AnyCall) => (lacksHandle(system, { file, call }) ? 'root' : connectionOf(system, { file, call }));
  const own = of(message);
  if (own === 'root') return changes.find((call) => of(call) !== 'unknown');
  return own === 'transaction' && changes.every((call) => of(call) === 'root') ? changes[0] : undefined;
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

/** A transaction that one connection begins, and one of the two asks another one, and is not handed that: the pool. */
function isBesideBegun(file: ParsedFile, method: AnyFunction, { message, change }: Omit<TornOutbox, 'file'>): boolean {
  const receiver = (call: Node): string =>
    pathOf((call as AnyCall).callee as Node)
      .slice(0, -1)
      .join('.');
  const begun = callsIn(file)
    .filter((call) => contains(method, call) && BEGINS.test(`.${file.textOf(call).split('.').slice(-1)[0]}`))
    .map(receiver);
  const isHanded = (call: Node): boolean =>
    ((call as AnyCall).arguments as readonly Node[]).some((given) => file.textOf(given) === begun[0]);
  const isOfBegun = (call: Node): boolean => `${receiver(call)}.`.startsWith(`${begun[0]}.`) || isHanded(call);
  return begun.length === 1 && isOfBegun(message) !== isOfBegun(change);
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
