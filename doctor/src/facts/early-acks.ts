import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import {
  type AnyCall,
  type AnyFunction,
  ancestorsOf,
  contains,
  functionsAround,
  isFunction,
  pathOf,
  property,
} from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isWrite } from './effects.ts';
import { transactionOf } from './transaction-handles.ts';

/** A message that is acknowledged before the work that it asks for: a crash in between loses it. */
export interface EarlyAck {
  readonly file: ParsedFile;
  readonly ack: AnyCall;
  readonly work: AnyCall;
}

const ACKNOWLEDGES = /^(ack|xack|acknowledge|completeMessage|commitOffsets|commitMessage(Sync)?)$/i;
/** How SQS is told so: `sqs.send(new DeleteMessageCommand(…))`. */
const DELETES = /^DeleteMessage(Batch)?Command$/;
/** What a consumer is handed to do. */
const WORKS = /^(work|handle\w*|handler\w*|dispatch|process\w*|callback|run)$/i;

/** All of them, also in what libraries do for services. */
export const earlyAcks = perSystem((system: System): readonly EarlyAck[] =>
  system.program.files
    .filter(({ path }) => /^(service|gateway|library)$/.test(system.partOf(path)?.kind ?? ''))
    .flatMap((file) =>
      callsIn(file).flatMap((ack) => {
        const isAck = acknowledges(ack);
        const work = isAck ? workAfter(system, file, ack) : workUnacknowledged(system, file, ack);
        return work ? [{ file, ack, work }] : [];
      }),
    ),
);

function acknowledges({ callee, arguments: [command] }: AnyCall): boolean {
  if (callee.type !== 'MemberExpression') return false;
  const isCommand = command?.type === 'NewExpression' && DELETES.test(pathOf(command.callee).at(-1)!);
  return isCommand || ACKNOWLEDGES.test(pathOf(callee).at(-1)!);
}

/** `channel.consume(queue, handle, { noAck: true })`: the broker forgets a message once it is on its way. */
function workUnacknowledged(system: System, file: ParsedFile, call: AnyCall): AnyCall | undefined {
  if (pathOf(call.callee as Node).at(-1) !== 'consume') return undefined;
  const given = call.arguments as readonly Node[];
  const isTaken = given.some((one) => {
    const told = property(one, 'noAck');
    return told?.type === 'Literal' && told.value === true;
  });
  if (!isTaken) return undefined;
  const works = given.flatMap((one) => {
    const origin = isFunction(one) || one.type === 'Identifier' ? system.program.originOf(file, one) : undefined;
    return origin?.kind === 'functions' ? origin.all : [];
  });
  const reached = works.flatMap((work) => system.program.callsReachedFrom(work, 5));
  return reached.some((site) => isWrite(system, site)) ? call : undefined;
}

/** What is awaited behind it, in the same function, whichever way that goes. */
function workAfter(system: System, file: ParsedFile, ack: AnyCall): AnyCall | undefined {
  const [around] = functionsAround(file, ack);
  if (!around) return undefined;
  const behind = statementsBehind(file, ack, around);
  const all = callsIn(file).filter((call) => behind.some((one) => contains(one, call)));
  if (all.some(acknowledges)) return undefined;
  return all.find((call) => functionsAround(file, call)[0] === around && doesWork(system, file, call));
}

const BRANCHES: ReadonlySet<string> = new Set(['IfStatement', 'CatchClause', 'SwitchCase', 'ConditionalExpression']);

/** The statements that follow one, also behind the loop that it is in; a branch may be the end of the work. */
function statementsBehind(file: ParsedFile, node: Node, around: AnyFunction): Node[] {
  const found: Node[] = [];
  let inner: Node = node;
  for (const outer of ancestorsOf(file, node)) {
    if (outer === around || BRANCHES.has(outer.type)) break;
    if (outer.type === 'TryStatement' && outer.finalizer === inner) break;
    if (outer.type === 'BlockStatement') {
      const at = (outer.body as readonly Node[]).indexOf(inner);
      found.push(...(outer.body as readonly Node[]).slice(at + 1));
    }
    inner = outer;
  }
  return found;
}

/** It changes a database, begins a transaction, or runs what it was handed. */
function doesWork(system: System, file: ParsedFile, call: AnyCall): boolean {
  if (file.parentOf(call)?.type !== 'AwaitExpression') return false;
  const name = pathOf(call.callee as Node).at(-1)!;
  if (WORKS.test(name) || isWrite(system, { file, call })) return true;
  if ((call.arguments as readonly Node[]).some((one) => isFunction(one) && transactionOf(file, one))) return true;
  const handed = (call.arguments as readonly Node[]).filter(isFunction);
  if (handed.some((one) => begins(file, one) || writes(system, { file, node: one }))) return true;
  return system.program.calleesOf({ file, call }).some((callee) => writes(system, callee));
}

const writes = (system: System, run: FunctionAt): boolean =>
  system.program.callsReachedFrom(run, 4).some((site) => isWrite(system, site));

/** Whether a function that a library runs begins a transaction: `context.with(parent, () => db.transaction(work))`. */
const begins = (file: ParsedFile, run: Node): boolean =>
  callsIn(file).some(
    (call) =>
      contains(run, call) &&
      (call.arguments as readonly Node[]).some((one) => isFunction(one) && transactionOf(file, one)),
  );
