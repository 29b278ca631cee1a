import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { type AnyCall, type AnyFunction, contains, functionsAround, isFunction, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isWrite, sqlOf } from './effects.ts';
import { connectionOf, isBeginning, transactionOf } from './transaction-handles.ts';

/** A message that is noted as handled in another transaction than its effect, or in none. */
export interface TornInbox {
  readonly file: ParsedFile;
  readonly note: AnyCall;
  readonly transaction: AnyCall;
}

/** Where messages are kept that have been handled. */
export const KEEPS_HANDLED = new RegExp(
  String.raw`inbox|dedup|idempot|\b(processed|handled)\b|(message|delivery)_?(log|record|receipt)|` +
    '(processed|handled|seen|consumed)_?(event|message|msg|id|deliver)',
  'i',
);
/** A key of a request is taken before its work begins, so that two of them do not run at the same time. */
const OF_REQUESTS = /idempot/i;
const REMOVES = /^(delete|remove|destroy|purge|truncate)/i;

/** All of them, also in libraries. */
export const tornInboxes = perSystem((system: System): readonly TornInbox[] =>
  system.program.files
    .filter(({ path }) => /^(service|gateway|library)$/.test(system.partOf(path)?.kind ?? ''))
    .flatMap((file) =>
      notesIn(system, file)
        .filter((note) => !OF_REQUESTS.test(file.textOf(note)))
        .flatMap((note) => tornBy(system, file, note))
        .concat(
          notesThrough(system, file).flatMap((note) => noteAlone(system, file, { note, method: over(file, note) })),
        ),
    ),
);

/** Calls in a transaction of functions of this repository that note a message by a port. */
const notesThrough = (system: System, file: ParsedFile): readonly AnyCall[] =>
  callsIn(file).filter(
    (call) =>
      functionsAround(file, call).some((one) => transactionOf(file, one)) &&
      system.program
        .calleesOf({ file, call })
        .some((callee) => callsIn(callee.file).some((one) => contains(callee.node, one) && isPortNote(one))),
  );

/** The function that begins the transaction around a call. */
const over = (file: ParsedFile, call: Node): AnyFunction | undefined =>
  functionsAround(file, call).find((one) => !transactionOf(file, one));

/** The calls of a file that note a message as handled. */
export function notesIn(system: System, file: ParsedFile): readonly AnyCall[] {
  const known = notesByFile(system);
  const found = known.get(file) ?? findNotes(system, file);
  known.set(file, found);
  return found;
}

const notesByFile = perSystem((): Map<ParsedFile, readonly AnyCall[]> => new Map());

const findNotes = (system: System, file: ParsedFile): readonly AnyCall[] =>
  KEEPS_HANDLED.test(file.lines.join('\n'))
    ? callsIn(file).filter(
        (call) => isPortNote(call) || (isWrite(system, { file, call }) && isNote(system, { file, call })),
      )
    : [];

/** `this.inbox.lock(lines)`: of a port by its name, which is in the transaction around it, or in none. */
const isPortNote = ({ callee, arguments: given }: AnyCall): boolean =>
  callee.type === 'MemberExpression' &&
  given.length > 0 &&
  /inbox$/i.test(pathOf(callee.object as Node).at(-1)!) &&
  /^(lock|set|note|remember|record|register|mark\w+|accept)$/.test(pathOf(callee as Node).at(-1)!);

function isNote(system: System, { file, call }: CallSite): boolean {
  if ((call.arguments as readonly Node[]).some(isFunction) || REMOVES.test(pathOf(call.callee as Node).at(-1)!))
    return false;
  const sql = sqlOf(system, { file, call });
  if (/^\s*(insert|update|delete|with)/i.test(sql)) return KEEPS_HANDLED.test(/into\s+(\S+)/i.exec(sql)?.[1] ?? '');
  const [first] = call.arguments as readonly Node[];
  const named = first?.type === 'Identifier' ? first.name : '';
  return (
    KEEPS_HANDLED.test(`${file.textOf(call.callee as Node).slice(-160)} ${named}`) || isOfTyped(system, { file, call })
  );
}

/** `this.processed.insert(…)`, where that was made as the repository of what was handled. */
function isOfTyped({ program }: System, { file, call }: CallSite): boolean {
  if (call.callee.type !== 'MemberExpression' || call.callee.object.type !== 'Identifier') return false;
  const { name } = call.callee.object;
  const binding = program.scopesOf(file).lookUp(name, call);
  return binding?.kind === 'value' && !!binding.init && KEEPS_HANDLED.test(file.textOf(binding.init).slice(0, 160));
}

function tornBy(system: System, file: ParsedFile, note: AnyCall): TornInbox[] {
  const method = functionsAround(file, note).find((one) => !transactionOf(file, one));
  const around = functionsAround(file, note).find((one) => transactionOf(file, one));
  if (around && around.params.length > 0 && connectionOf(system, { file, call: note }) === 'root')
    return [{ file, note, transaction: file.parentOf(around) as AnyCall }];
  if (!method || isInTransaction(file, note, method)) return noteAlone(system, file, { note, method });
  if (!isPortNote(note) && connectionOf(system, { file, call: note }) !== 'root') return [];
  const transaction = callsIn(file).find(
    (call) =>
      call.start > note.end &&
      contains(method, call) &&
      ((begins(file, call) && changesAnything(file, call, note)) ||
        isLaterChange(system, { file, call }, method) ||
        isBesideBegun(system, { file, call }, note)),
  );
  return transaction ? [{ file, note, transaction }] : [];
}

/** A change on the connection of everybody, where nothing holds the two together. */
const isLaterChange = (system: System, { file, call }: CallSite, method: AnyFunction): boolean =>
  functionsAround(file, call)[0] === method &&
  isWrite(system, { file, call }) &&
  !isNote(system, { file, call }) &&
  connectionOf(system, { file, call }) === 'root';

/** A change on the connection that has begun a transaction, where the note is on that of everybody. */
const isBesideBegun = (system: System, { file, call }: CallSite, note: AnyCall): boolean =>
  functionsAround(file, call)[0] === functionsAround(file, note)[0] &&
  isWrite(system, { file, call }) &&
  connectionOf(system, { file, call }) === 'transaction' &&
  callsIn(file).some(
    (one) =>
      one.end < note.start &&
      isBeginning(file, one) &&
      functionsAround(file, one)[0] === functionsAround(file, note)[0],
  );

const isInTransaction = (file: ParsedFile, node: Node, method: AnyFunction): boolean =>
  functionsAround(file, node).some((one) => transactionOf(file, one) && contains(method, one));

/** A transaction of its own, and the effect behind it: what the method was handed, or a change past the transaction. */
function noteAlone(
  system: System,
  file: ParsedFile,
  { note, method }: { note: AnyCall; method?: AnyFunction | undefined },
) {
  if (!method) return [];
  const transaction = callsIn(file).find(
    (call) => contains(call, note) && contains(method, call) && begins(file, call),
  );
  if (!transaction) return [];
  const inside = callsIn(file).some(
    (call) =>
      contains(transaction, call) && call !== transaction && call !== note && isEffect(system, { file, call }, method),
  );
  const outside = callsIn(file).find(
    (call) =>
      contains(method, call) &&
      !contains(transaction, call) &&
      !contains(call, transaction) &&
      isEffect(system, { file, call }, method),
  );
  return !inside && outside ? [{ file, note, transaction: outside }] : [];
}

/** A change of the database, or what the method itself was handed to do. */
function isEffect(system: System, { file, call }: CallSite, method: AnyFunction): boolean {
  const name = pathOf(call.callee as Node)[0]!;
  if (isNote(system, { file, call })) return false;
  if (isWrite(system, { file, call }) || handsOn(system, { file, call })) return true;
  const binding = system.program.scopesOf(file).lookUp(name, call);
  const isHanded = binding?.kind === 'value' && binding.declaration === 'parameter' && contains(method, binding.node);
  return isHanded && /^(work|handle\w*|handler\w*|fn|callback|next|effect|action|run|apply|process)$/i.test(name);
}

/** It leads to somebody who reacts to messages, whoever that is: `subscription.handle(message)`. */
const handsOn = ({ program }: System, site: CallSite): boolean =>
  program.calleesOf(site).some((callee) =>
    program.callsReachedFrom(callee, 4).some(({ file, call }) => {
      if (call.arguments.length === 0 || !REACTS.test(pathOf(call.callee as Node).at(-1)!)) return false;
      return program.calleesOf({ file, call }).length === 0;
    }),
  );

const REACTS = /^(handle|handler|onMessage|react)$/;

const begins = (file: ParsedFile, call: AnyCall): boolean =>
  isBeginning(file, call) ||
  (call.arguments as readonly Node[]).some((one) => isFunction(one) && transactionOf(file, one));

/** Whether it does more than to note the message. */
const changesAnything = (file: ParsedFile, transaction: AnyCall, note: AnyCall): boolean =>
  isBeginning(file, transaction) ||
  callsIn(file).some((call) => call !== transaction && call !== note && contains(transaction, call));

/** It notes the message once the transaction of its effect is over, and has not asked before: that has happened. */
export const notesTooLate = (system: System, run: readonly FunctionAt[]): boolean =>
  run.some(({ file, node }) =>
    notesIn(system, file).some((note) => {
      if (functionsAround(file, note)[0] !== node || isPortNote(note)) return false;
      return callsIn(file).some(
        (call) =>
          call.end < note.start &&
          functionsAround(file, call)[0] === node &&
          !isBeginning(file, call) &&
          begins(file, call) &&
          changesAnything(file, call, note) &&
          !notesIn(system, file).some((one) => contains(call, one)),
      );
    }),
  );
