import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { classAround, contains, isFunction, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { DATABASES, isDatabaseCall } from './effects.ts';
import { handlerOf, type Route } from './routes.ts';
import { usedFiles } from './used-files.ts';

const OF_DATABASE =
  /type_?orm|db|data(base|_?source)|mongo|prisma|postgres|\bpg\b|sql|orm\b|pool|knex|sequelize|repositor|store|entity/i;

/** Whether a check of Nest's terminus that says one by one what it asks asks others, and not the database. */
export function leavesOutDatabase(system: System, part: Part, route: Route): boolean {
  const handler = handlerOf(system, route);
  if (!handler || !usesDatabase(system, part)) return false;
  const { file, node } = handler;
  const lists = callsIn(file).flatMap((call) => {
    const [given] = call.arguments as readonly Node[];
    const isCheck = contains(node, call) && pathOf(call.callee as Node).at(-1) === 'check';
    return isCheck && given?.type === 'ArrayExpression' ? [given] : [];
  });
  const [list] = lists;
  if (lists.length !== 1 || !list || list.elements.length === 0) return false;
  const asked = list.elements as readonly (Node | null)[];
  return asked.every(
    (one) => one && isFunction(one) && !OF_DATABASE.test(textsOf(system, file, one)) && isKnown(system, file, one),
  );
}

/** Indicators of terminus itself that ask no database. */
const OF_OTHERS = /\b(Http|Memory|Disk|Microservice|G(RPC|rpc))HealthIndicator\b/;

/** Whether it can be read whom the object asks that is handed in: by its type, or by all that its method calls. */
function isKnown(system: System, file: ParsedFile, node: Node): boolean {
  return callsIn(file)
    .filter((call) => contains(node, call) && pathOf(call.callee as Node)[0] === 'this')
    .every((call) => {
      const holder = classAround(file, call);
      const field = pathOf(call.callee as Node)[1] ?? '';
      if (holder && OF_OTHERS.test(typeOfField(file, holder, field) ?? '')) return true;
      const run = system.program.calleesOf({ file, call });
      const inner = run.flatMap((one) => system.program.callsReachedFrom(one, 3));
      return run.length > 0 && !inner.some((site) => isDatabaseCall(system, site));
    });
}

/** What is asked, what that leads to, and by what type the one is known who is asked. */
function textsOf(system: System, file: ParsedFile, node: Node): string {
  const calls = callsIn(file).filter((call) => contains(node, call));
  const inner = calls.flatMap((call) => system.program.calleesOf({ file, call }));
  const holder = classAround(file, node);
  const fields = calls.flatMap((call) => {
    const [root, field] = pathOf(call.callee as Node);
    const found = holder && root === 'this' ? typeOfField(file, holder, field ?? '') : undefined;
    return found ?? [];
  });
  return [file.textOf(node), ...inner.map((one) => one.file.lines.join('\n')), ...fields].join('\n');
}

/** `private readonly queue: QueueIndicator` of a constructor. */
const typeOfField = (file: ParsedFile, holder: Node, name: string): string | undefined =>
  file
    .all('TSParameterProperty')
    .filter((one) => contains(holder, one))
    .map(({ parameter }) => parameter as Node)
    .filter((one) => nameOf(one) === name)
    .map((one) => file.textOf(one))[0];

const usesDatabase = (system: System, part: Part): boolean =>
  part.kind === 'service' &&
  usedFiles(system, part).some((file) =>
    file.imports.some(({ specifier, typeOnly }) => !typeOnly && DATABASES.test(specifier)),
  );
