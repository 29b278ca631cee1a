import type { Node } from 'oxc-parser';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyFunction, contains, functionsAround, nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isDatabaseCall } from './effects.ts';
import { isSameBinding, isTop } from './kept-state.ts';

/** What ends the life of an answer that is kept. */
const ENDS = /expir|ttl|stale|max_?age|invalidat|setTimeout|setInterval|until|\w(At|Time)\s*=[^=]/i;

/**
 * Variables of the module that keep what the database has answered once, and for ever: the other replicas, and this one
 * as well, do not hear of changes.
 */
export const keptAnswers = (system: System, file: ParsedFile): readonly Node[] =>
  file
    .all('VariableDeclaration')
    .filter((one) => one.kind === 'let' && isTop(file, one))
    .flatMap(({ declarations }) =>
      declarations.flatMap(({ id, init }) => {
        const isEmpty = !init || /^(undefined|null)$/.test(file.textOf(init));
        return isEmpty && id.type === 'Identifier' && isKept(system, file, id) ? [id as Node] : [];
      }),
    );

function isKept(system: System, file: ParsedFile, id: Extract<Node, { type: 'Identifier' }>): boolean {
  const sets = file
    .all('AssignmentExpression')
    .filter(
      ({ left }) => nameOf(left as Node) === id.name && isSameBinding(system.program, file, { node: left as Node, id }),
    );
  const [only, ...others] = sets;
  const [around] = only ? functionsAround(file, only) : [];
  if (!only || !around || others.length > 0 || ENDS.test(file.textOf(around))) return false;
  return answersFirst(file, around, id.name) && asksDatabase(system, file, around);
}

/** `if (known) return known;` */
const answersFirst = (file: ParsedFile, around: AnyFunction, name: string): boolean =>
  file
    .all('ReturnStatement')
    .some(({ start, argument }) => contains(around, { start, end: start } as Node) && nameOf(argument) === name);

const asksDatabase = (system: System, file: ParsedFile, around: AnyFunction): boolean =>
  callsIn(file).some(
    (call) =>
      contains(around, call) &&
      [
        { file, call },
        ...system.program.calleesOf({ file, call }).flatMap((one) => system.program.callsReachedFrom(one, 3)),
      ].some((site) => isDatabaseCall(system, site)),
  );
