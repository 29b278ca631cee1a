import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { contains, isFunction, iteratedIn, loopAround, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isDatabaseCall, isWrite } from './effects.ts';
import { statementOf } from './transaction-handles.ts';

/** A question to the database that is asked once for each element of a list. */
export interface RepeatedQuery {
  readonly part: Part;
  readonly file: ParsedFile;
  readonly loop: Node;
  readonly query: CallSite;
}

/** What only looks up: what is changed for each element is changed one by one on purpose. */
const LOOKS_UP = /^(find\w*|count|countDocuments|exists|query|\$queryRaw|get\w*|load\w*|fetch\w*|first|pluck)$/;

/** All of them, in services. */
export const repeatedQueries = perSystem((system: System): readonly RepeatedQuery[] =>
  system.services.flatMap((part) =>
    system.filesOf(part).flatMap((file) =>
      callsIn(file).flatMap((call): RepeatedQuery[] => {
        const loop = loopAround(file, call);
        if (!loop || call.type !== 'CallExpression' || !isOfElement(file, loop, call)) return [];
        const query = queryIn(system, { file, call });
        return query && !changes(system, file, loop) ? [{ part, file, loop, query }] : [];
      }),
    ),
  ),
);

/** The question itself, or the function of a repository that asks it. */
function queryIn(system: System, site: CallSite): CallSite | undefined {
  const name = pathOf(site.call.callee as Node).at(-1)!;
  const isOwn = system.program.calleesOf(site).length > 0 && iteratedIn(site.call) === undefined;
  if (!LOOKS_UP.test(name) && !isOwn && !(name === 'where' && isWhole(site))) return undefined;
  if (isDatabaseCall(system, site)) return isWrite(system, site) ? undefined : site;
  const inner = system.program.calleesOf(site).flatMap((one) => system.program.callsReachedFrom(one, 6));
  if (inner.some((one) => isWrite(system, one))) return undefined;
  return inner.find((one) => isDatabaseCall(system, one));
}

/** `select().from(orders).where(…)`, and nothing behind it. */
const isWhole = ({ file, call }: CallSite): boolean => statementOf(file, call) === call;

/** Whether a call is about what the loop goes over, and not the same for each turn. */
function isOfElement(file: ParsedFile, loop: Node, call: CallSite['call']): boolean {
  const names = new Set(namesOf(file, loop));
  return file
    .all('Identifier')
    .some(
      (one) => names.has(one.name) && [call.callee, ...call.arguments].some((given) => contains(given as Node, one)),
    );
}

/** The names that each turn of a loop gives a value. */
function namesOf(file: ParsedFile, loop: Node): string[] {
  const callback = iteratedIn(loop);
  if (callback && isFunction(callback)) return identifiersIn(file, callback.params as readonly Node[]);
  if (loop.type === 'ForOfStatement' || loop.type === 'ForInStatement') return identifiersIn(file, [loop.left as Node]);
  if (loop.type === 'ForStatement' && loop.init) return identifiersIn(file, [loop.init as Node]);
  return [];
}

const identifiersIn = (file: ParsedFile, nodes: readonly Node[]): string[] =>
  file
    .all('Identifier')
    .filter((one) => nodes.some((node) => contains(node, one)))
    .flatMap((one) => nameOf(one) ?? []);

const changes = (system: System, file: ParsedFile, loop: Node): boolean =>
  callsIn(file).some(
    (call) =>
      contains(loop, call) &&
      (isWrite(system, { file, call }) ||
        system.program
          .calleesOf({ file, call })
          .some((one) => system.program.callsReachedFrom(one, 3).some((site) => isWrite(system, site)))),
  );
