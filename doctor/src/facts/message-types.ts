import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import { perSystem, type System } from '../model/system.ts';
import { valueNode } from '../model/texts.ts';
import { contains, functionsAround, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { type MessageUse, messageUses } from './messages.ts';
import { type StoredTopic, storedBy, storedTopics } from './stored-topics.ts';

/** Of which type a message is, where many of them travel in one stream or queue. */
const TYPE_FIELDS = ['type', 'eventtype', 'messagetype', 'eventname'];
const TYPE = /^(type|event_?type|message_?type|event_?name)$/i;

/** Types that are stored in outboxes, and that none of those asks for who take messages out of the streams. */
export const unheardTypes = perSystem((system: System): readonly StoredTopic[] => {
  const heard = heardTypes(system);
  if (!heard) return [];
  const topics = new Set(storedTopics(system).map(({ topic }) => topic));
  return [...system.services, ...system.gateways]
    .flatMap((part) => storedBy(system, part, TYPE_FIELDS))
    .filter(({ topic }) => topic !== undefined && !topics.has(topic) && !heard.has(topic));
});

/** Nothing where anybody may hear all of them. */
function heardTypes(system: System): ReadonlySet<string> | undefined {
  const consumed = messageUses(system).filter(({ kind }) => kind === 'consumed');
  const all = consumed.map((use) => typesOf(system, use));
  if (all.length === 0 || all.some((types) => types === undefined)) return undefined;
  return new Set(all.flatMap((types) => types ?? []));
}

/** By which types a consumer chooses what it does; nothing where it does not, or by what is only known later. */
function typesOf(system: System, { handler, raw }: MessageUse): string[] | undefined {
  const around = raw ? functionsAround(raw.file, raw.call).slice(0, 1) : [];
  const starts = [...(handler ? [handler] : []), ...around.map((node) => ({ file: raw!.file, node }))];
  const run = starts.flatMap((start) => [
    start,
    ...system.program.callsReachedFrom(start, 3).flatMap((site) => system.program.calleesOf(site)),
  ]);
  const all = [...new Map(run.map((one) => [one.node, one])).values()].map((one) => chosenIn(system, one));
  if (all.some((types) => types === undefined)) return undefined;
  const types = all.flatMap((one) => one ?? []);
  return types.length > 0 ? types : undefined;
}

function chosenIn(system: System, { file, node }: FunctionAt): string[] | undefined {
  const inside = <T extends Node>(all: readonly T[]): T[] => all.filter((one) => contains(node, one));
  const isType = (one: Node): boolean => one.type === 'MemberExpression' && TYPE.test(pathOf(one).at(-1)!);
  const compared = inside(file.all('BinaryExpression')).flatMap(({ operator, left, right }) => {
    if (!/^[=!]==?$/.test(operator)) return [];
    const other = isType(left as Node) ? right : isType(right) ? (left as Node) : undefined;
    return nameOf(other) ?? [];
  });
  const cases = inside(file.all('SwitchStatement')).flatMap(({ discriminant, cases: all }) =>
    isType(discriminant) ? all.flatMap(({ test }) => nameOf(test) ?? []) : [],
  );
  const tables = inside(file.all('MemberExpression')).filter((one) => one.computed && isType(one.property as Node));
  const keys = tables.map((one) => keysOf(system, file, one.object));
  return keys.some((one) => one === undefined)
    ? undefined
    : [...compared, ...cases, ...keys.flatMap((one) => one ?? [])];
}

/** The names of a table of functions. */
function keysOf(system: System, file: ParsedFile, table: Node): string[] | undefined {
  const found = valueNode(system.program, file, table) ?? undefined;
  if (!found || found.node.type === 'Identifier') return keysGiven(system, file, table);
  if (found.node.type !== 'ObjectExpression') return undefined;
  const keys = found.node.properties.map((entry) =>
    entry.type === 'Property' ? nameOf(entry.key as Node) : undefined,
  );
  return keys.every((key) => key !== undefined) ? keys : undefined;
}

/** Of tables that a kit is handed by all who use it. */
function keysGiven(system: System, file: ParsedFile, table: Node): string[] | undefined {
  const binding = table.type === 'Identifier' ? system.program.scopesOf(file).lookUp(table.name, table) : undefined;
  if (binding?.kind !== 'value' || binding.declaration !== 'parameter') return undefined;
  const all = system.program
    .givenTo(file, binding)
    .map((given) => (given.path.length === 0 ? keysOf(system, given.file, given.node) : undefined));
  return all.length > 0 && all.every((keys) => keys !== undefined) ? all.flat() : undefined;
}
