import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { type AnyCall, contains, functionsAround, isFunction, pathOf } from '../source/ast.ts';
import { groupBy } from '../source/group-by.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { clientOf } from './clients.ts';
import { isWrite } from './effects.ts';
import { routesIn } from './routes.ts';
import { isAmbient, transactionOf } from './transaction-handles.ts';
import { putsInto } from './transactions.ts';

/** Two changes of one request in two transactions, one of which tells others of it: the other one may be missing. */
export interface TornUseCase {
  readonly file: ParsedFile;
  readonly told: AnyCall;
  readonly other: AnyCall;
}

/**
 * Where a transaction goes along by itself, whoever begins none leaves each change to its own. Looked at is what
 * requests run, in folders where others hold their changes together.
 */
export const tornUseCases = perSystem((system: System): readonly TornUseCase[] =>
  isAmbient(system)
    ? system.services.flatMap((part) =>
        system
          .filesOf(part)
          .filter((file) => holdsTogether(system, part.folder, file))
          .flatMap((file) => tornIn(system, file)),
      )
    : [],
);

function tornIn(system: System, file: ParsedFile): TornUseCase[] {
  const awaited = callsIn(file).filter(
    (call) => call.callee.type === 'MemberExpression' && file.parentOf(call)?.type === 'AwaitExpression',
  );
  return [...groupBy(awaited, (call) => functionsAround(file, call)[0])].flatMap(([around, calls]) => {
    if (!around || calls.length < 2 || functionsAround(file, calls[0]!).some((one) => transactionOf(file, one)))
      return [];
    const changes = calls.filter((call) => changesAnything(system, { file, call }));
    const told = changes.find((call) => tells(system, { file, call }));
    const other = told && changes.find((call) => receiverOf(call) !== receiverOf(told));
    if (told && other && asksBetween(system, file, { calls, one: told, other })) return [];
    return told && other && isRunByRequests(system, { file, node: around }) ? [{ file, told, other }] : [];
  });
}

interface Between {
  readonly calls: readonly AnyCall[];
  readonly one: AnyCall;
  readonly other: AnyCall;
}

/** Somebody outside is asked between them: the second change is about the answer, and no transaction waits for that. */
const asksBetween = (system: System, file: ParsedFile, { calls, one, other }: Between): boolean =>
  calls
    .filter(({ start }) => start > Math.min(one.start, other.start) && start < Math.max(one.start, other.start))
    .some((call) => runBy(system, { file, call }).some((site) => clientOf(system, site) !== undefined));

const receiverOf = (call: AnyCall): string =>
  pathOf(call.callee as Node)
    .slice(0, -1)
    .join('.');

const reachedBy = (system: System, site: CallSite): readonly CallSite[] =>
  system.program.calleesOf(site).flatMap((callee) => system.program.callsReachedFrom(callee, 3));

/** What a call runs, and what is in the transaction that it begins. */
const runBy = (system: System, site: CallSite): readonly CallSite[] => {
  const { file, call } = site;
  const inside = (call.arguments as readonly Node[])
    .filter((given) => isFunction(given) && transactionOf(file, given))
    .flatMap((given) => callsIn(file).filter((one) => contains(given, one)))
    .map((one) => ({ file, call: one }));
  return [site, ...inside].flatMap((one) => [one, ...reachedBy(system, one)]);
};

const changesAnything = (system: System, site: CallSite): boolean =>
  runBy(system, site).some((inner) => isWrite(system, inner));

const tells = (system: System, site: CallSite): boolean =>
  runBy(system, site).some(({ file, call }) => putsInto(system, file).includes(call));

/** Files of its folder change things in transactions. */
const holdsTogether = (system: System, folder: string, file: ParsedFile): boolean =>
  conventions(system).has(folderOf(file.path)) && file.path.startsWith(folder);

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

const conventions = perSystem((system: System): ReadonlySet<string> => {
  const all = system.services.flatMap((part) => system.filesOf(part).filter((file) => isTogether(system, file)));
  const byFolder = groupBy(all, ({ path }) => folderOf(path));
  return new Set([...byFolder].flatMap(([folder, files]) => (files.length > 1 ? [folder] : [])));
});

const isTogether = (system: System, file: ParsedFile): boolean =>
  callsIn(file).some((call) => {
    const run = (call.arguments as readonly Node[]).find((one) => isFunction(one) && transactionOf(file, one));
    return !!run && callsIn(file).some((one) => contains(run, one) && isWrite(system, { file, call: one }));
  });

/** A route leads here, and no transaction is begun on the way. */
function isRunByRequests(system: System, { file, node: around }: FunctionAt, depth = 0): boolean {
  if ((routesIn(system).get(file) ?? []).some(({ handler }) => handler && contains(handler, around))) return true;
  if (depth > 5) return false;
  return system.program.callersOf(around).some((site) => {
    const arounds = functionsAround(site.file, site.call);
    if (arounds.some((one) => transactionOf(site.file, one))) return false;
    const [next] = arounds;
    return next !== undefined && isRunByRequests(system, { file: site.file, node: next }, depth + 1);
  });
}
