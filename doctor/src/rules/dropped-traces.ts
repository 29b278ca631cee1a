import type { Node } from 'oxc-parser';
import { loadedFiles } from '../facts/loaded.ts';
import { outboxRelays } from '../facts/stored-topics.ts';
import { statementOf } from '../facts/transaction-handles.ts';
import { putsInto } from '../facts/transactions.ts';
import { usedFiles } from '../facts/used-files.ts';
import type { Part } from '../model/layout.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyCall, contains, functionsAround, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Draft } from './rule.ts';

/** A trace that is kept beside each message of an outbox, and that what empties it leaves there. */
export function droppedTraces(system: System, part: Part): Draft[] {
  const files = [...new Set([...usedFiles(system, part), ...loadedFiles(system, part)])];
  const names = new Set(files.flatMap((file) => putsInto(system, file).flatMap((put) => keptAs(system, file, put))));
  if (names.size === 0) return [];
  const takes = new RegExp(String.raw`\b(${[...names].join('|')})\b|traceparent`, 'i');
  const dropping = outboxRelays(system).filter((relay) => files.includes(relay.file) && !isTaken(system, relay, takes));
  return dropping.slice(0, 1).map(({ file, call }) => {
    const line = file.lineAt(call.start);
    const what = `Messages of ${part.name} leave its outbox without the trace that is kept there beside them`;
    return {
      subject: part.name,
      what,
      evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }],
    };
  });
}

const INJECTS = /(?<!@)\binject\(/;

/** Under which names the statement that puts a message into the outbox keeps what the tracer has filled. */
function keptAs(system: System, file: ParsedFile, put: AnyCall): string[] {
  const statement = statementOf(file, put);
  const [around] = functionsAround(file, put);
  const filled = new Set(
    callsIn(file)
      .filter((call) => pathOf(call.callee as Node).at(-1) === 'inject' && functionsAround(file, call)[0] === around)
      .flatMap((call) => (call.arguments as readonly Node[]).flatMap((given) => nameOf(given) ?? [])),
  );
  const isFilled = (value: Node): boolean =>
    value.type === 'Identifier' || value.type === 'LogicalExpression' || value.type === 'MemberExpression'
      ? filled.has(pathOf(value.type === 'LogicalExpression' ? value.left : value)[0]!)
      : value.type === 'CallExpression' &&
        system.program.calleesOf({ file, call: value }).some((one) => INJECTS.test(one.file.textOf(one.node)));
  const keys = file
    .all('Property')
    .flatMap((one) => (contains(statement, one) && isFilled(one.value as Node) ? (nameOf(one.key) ?? []) : []));
  const columns = file
    .all('ArrayExpression')
    .filter((list) => contains(statement, list))
    .flatMap((list) =>
      (list.elements as readonly (Node | null)[]).flatMap((one) => (one && isFilled(one) ? ['x'] : [])),
    );
  return columns.length > 0 ? [...keys, ...columnsIn(file.textOf(statement))] : keys;
}

/** Columns of an outbox in which a trace may lie. */
const columnsIn = (text: string): string[] =>
  [...text.matchAll(/\b\w*(trace|carrier|headers|context)\w*\b/gi)].map(([name]) => name);

/** Whether what is around a relay names what was kept; where the outbox is filled as well it tells nothing. */
const isTaken = (system: System, { file, call }: CallSite, takes: RegExp): boolean =>
  functionsAround(file, call)
    .filter((around) => !putsInto(system, file).some((put) => contains(around, put)))
    .some((around) => namesMore(file.textOf(around), takes));

/** `for (const { topic, traceparent } of rows)` takes it apart, and what only that and the query name goes nowhere. */
function namesMore(text: string, takes: RegExp): boolean {
  if (!takes.test(text) || !(text.match(PATTERN) ?? []).some((one) => takes.test(one))) return takes.test(text);
  return takes.test(text.replaceAll(PATTERN, '').replaceAll(SQL, ''));
}

const PATTERN = /\{[^{}]*\}\s*(of\b|=(?![=>]))|\(\s*\{[^{}]*\}\s*\)\s*=>/g;
const SQL = /(['"`])\s*(select|update|delete|insert|with)\b[\s\S]*?\1/gi;
