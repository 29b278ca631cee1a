import type { Node } from 'oxc-parser';
import { type CallSite, callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { type AnyCall, contains, functionsAround, isFunction, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isWrite, sqlOf } from './effects.ts';
import { messageUses } from './messages.ts';
import { outboxNames } from './outbox-names.ts';
import { outboxRelays } from './stored-topics.ts';
import { connectionOf, isBeginning, statementOf, transactionOf } from './transaction-handles.ts';

/** A message that its outbox has for sent before it is: a crash in between loses it. */
export interface EarlyMark {
  readonly file: ParsedFile;
  readonly mark: AnyCall;
  readonly relay: CallSite;
}

export const earlyMarks = perSystem((system: System): readonly EarlyMark[] => {
  const sent = messageUses(system).flatMap(({ kind, raw }) => (kind === 'published' && raw ? [raw] : []));
  const relays = new Map([...sent, ...outboxRelays(system)].map((one) => [one.call, one]));
  const found = [...relays.values()].flatMap((relay) => {
    const isLost = isLetGo(relay) && isOfOutbox(system, relay);
    const early = isLost ? { file: relay.file, mark: relay.call } : markBefore(system, relay);
    return early ? [{ ...early, relay }] : [];
  });
  return [...new Map(found.map((one) => [one.mark, one])).values()];
});

/**
 * What marks or removes messages in front of what sends them, in the same function or in one that calls it. What marks
 * them behind it as well has only claimed them before, and in a transaction both are undone together.
 */
function markBefore(system: System, { file, call }: CallSite, depth = 0): Omit<EarlyMark, 'relay'> | undefined {
  const around = functionsAround(file, call);
  const outer = around.at(-1);
  if (!outer || around.some((one) => transactionOf(file, one))) return undefined;
  const all = callsIn(file).filter((one) => contains(outer, one) && one !== call && !contains(one, call));
  if (all.some((one) => isBeginning(file, one))) return undefined;
  const marks = all.filter((one) => marksSent(system, { file, call: one }));
  if (marks.some((one) => one.start > call.start)) return undefined;
  if (marks.some((one) => isInTransaction(system, { file, call: one }) && !isOver(file, one, around))) return undefined;
  const mark = marks.findLast((one) => around.includes(functionsAround(file, one)[0]!) || isOver(file, one, around));
  if (mark) return { file, mark };
  if (depth > 1) return undefined;
  const callers = system.program.callersOf(around[0]!).filter((one) => one.call !== call);
  const found = callers.map((one) => markBefore(system, one, depth + 1));
  return found.every((one) => one !== undefined) ? found[0] : undefined;
}

/** In a transaction of a function around the relay that has ended before that begins. */
function isOver(file: ParsedFile, mark: AnyCall, around: readonly Node[]): boolean {
  const [own, outer] = functionsAround(file, mark);
  return own !== undefined && transactionOf(file, own) && outer !== undefined && around.includes(outer);
}

/** What else is let go, a note to caches, is in no outbox that would have it for sent. */
const isOfOutbox = (system: System, { file, call }: CallSite): boolean => {
  const outer = functionsAround(file, call).at(-1);
  const isMarked = callsIn(file).some(
    (one) => one !== call && !!outer && contains(outer, one) && marksSent(system, { file, call: one }),
  );
  return isMarked || outboxRelays(system).some((one) => one.call === call);
};

/** `publish(…).catch(() => {})`, for which nobody waits: its messages are marked whatever becomes of them. */
function isLetGo({ file, call }: CallSite): boolean {
  const member = file.parentOf(call);
  const caught = member?.type === 'MemberExpression' && member.object === call ? file.parentOf(member) : undefined;
  if (caught?.type !== 'CallExpression' || pathOf(caught.callee).at(-1) !== 'catch') return false;
  const [handler] = caught.arguments as readonly Node[];
  return (
    file.parentOf(caught)?.type === 'ExpressionStatement' &&
    handler !== undefined &&
    isFunction(handler) &&
    !/\bthrow\b|reject|\bawait\b|[^=!<>]=[^=>]|\.(update|save|release|fail|retry|reset)\w*\(/.test(file.textOf(handler))
  );
}

const isInTransaction = (system: System, site: CallSite): boolean => connectionOf(system, site) === 'transaction';

/** A change of what lies in an outbox, here or where a function of this repository makes it. */
const marksSent = (system: System, site: CallSite): boolean =>
  isMark(system, site) ||
  system.program
    .calleesOf(site)
    .some((callee) => system.program.callsReachedFrom(callee, 2).some((one) => isMark(system, one)));

function isMark(system: System, site: CallSite): boolean {
  if (!isWrite(system, site)) return false;
  const sql = sqlOf(system, site);
  const text = sql === '' ? site.file.textOf(statementOf(site.file, site.call as Node)) : sql;
  return !INSERTS.test(sql === '' ? text.slice(0, text.indexOf('(') + 1) : sql) && outboxNames(system).test(text);
}

const INSERTS = /^\s*(insert|replace)\b|\.(create|insert|save|add|append|persist)\w*\($/i;
