import { type CallSite, callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { type AnyCall, type AnyFunction, ancestorsOf, contains, isFunction, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isWrite } from './effects.ts';
import { transactionOf } from './transaction-handles.ts';
import { putsInto, putsThrough, type TornOutbox } from './transactions.ts';

/** What runs a function when the work around it is over: after the commit, or in a later turn of the process. */
const RUNS_LATER =
  /^(after_?commit\w*|on_?commit\w*|run_?on_?transaction_?commit|setImmediate|setTimeout|nextTick|queueMicrotask)$/i;

/** Messages that go into the outbox once the transaction of their change is over: a crash in between loses them. */
export const deferredMessages = perSystem((system: System): readonly TornOutbox[] =>
  system.program.files.flatMap((file) =>
    messagesIn(system, file).flatMap((message) => {
      const change = changeBefore(system, file, message);
      return change ? [{ file, message, change }] : [];
    }),
  ),
);

/** Also by a function of this repository, as far as something runs it later. */
const messagesIn = (system: System, file: ParsedFile): readonly AnyCall[] => [
  ...putsInto(system, file),
  ...callsIn(file).filter((call) => laterAround(file, call) !== undefined && putsThrough(system, { file, call })),
];

/** The change that a message tells of, where the two are cut apart by something that runs later. */
function changeBefore(system: System, file: ParsedFile, message: AnyCall): AnyCall | undefined {
  const later = laterAround(file, message);
  if (!later) return undefined;
  const isOwn = callsIn(file).some(
    (call) => contains(later.run, call) && call !== message && changes(system, file, call),
  );
  if (isOwn) return undefined;
  return callsIn(file).find(
    (call) => contains(later.around, call) && !contains(later.run, call) && changes(system, file, call),
  );
}

interface Later {
  /** What runs later. */
  readonly run: AnyFunction;
  /** The function that puts it off. */
  readonly around: AnyFunction;
}

/** Nothing where it begins a transaction of its own. */
function laterAround(file: ParsedFile, message: AnyCall): Later | undefined {
  const all = ancestorsOf(file, message).filter(isFunction);
  const at = all.findIndex((one) => runsLater(file, one));
  const [run, around] = [all[at], all[at + 1]];
  if (!run || !around || all.slice(0, at).some((one) => transactionOf(file, one))) return undefined;
  return { run, around };
}

function runsLater(file: ParsedFile, node: AnyFunction): boolean {
  const call = file.parentOf(node);
  return call?.type === 'CallExpression' && call.callee !== node && RUNS_LATER.test(pathOf(call.callee).at(-1)!);
}

const changes = (system: System, file: ParsedFile, call: CallSite['call']): boolean =>
  isWrite(system, { file, call }) && !putsInto(system, file).includes(call) && !putsThrough(system, { file, call });
