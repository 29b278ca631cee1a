import type { Node } from 'oxc-parser';
import { type CallSite, callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { ancestorsOf, contains, functionsAround, lastOf, loopAround, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { sqlOf } from './effects.ts';
import { relays } from './relays.ts';

/**
 * By which names a repository calls its outboxes: that itself, and the tables whose rows something reads, publishes
 * under the topic that each of them brings along, and then marks or removes.
 */
export const outboxNames = perSystem((system: System): RegExp => new RegExp(outboxes(system).join('|'), 'i'));

/** As alternatives of a pattern. */
export const outboxes = perSystem((system: System): readonly string[] => [
  'outbox',
  ...new Set(relays(system).flatMap((relay) => emptied(system, relay))),
]);

/** The tables that a function around a relay, or around who calls it, reads and marks. */
function emptied(system: System, site: CallSite): readonly string[] {
  let level: readonly CallSite[] = [site];
  for (let step = 0; step < 4 && level.length > 0; step++) {
    for (const one of level.filter((given) => isInLoop(given))) {
      const names = functionsAround(one.file, one.call).map((around) => readAndMarked(system, one.file, around));
      const found = names.find((all) => all.length > 0);
      if (found) return found;
    }
    const around = level.flatMap(({ file, call }) => functionsAround(file, call));
    level = around.flatMap((one) => system.program.callersOf(one));
  }
  return [];
}

/** Also in a function that the loop hands to somebody: `context.with(parent, () => publish(row.topic))`. */
const isInLoop = ({ file, call }: CallSite): boolean =>
  loopAround(file, call) !== undefined || ancestorsOf(file, call).some(({ type }) => /^(For|While)/.test(type));

const MARKS = /^(update\w*|delete\w*|del|destroy|remove|findOneAndUpdate|findByIdAndUpdate)$/;
const READS = /^(find\w*|select|from|where\w*|getMany|query|all)$/;
/** What says nothing of what is kept there. */
const PLAIN = new RegExp(
  '^(this|db|database|knex|trx?|t|tx|manager|em|repo(sitory)?|prisma|model|collection|pool|client|' +
    String.raw`\*|[A-Z]\w*Repository)$`,
);

function readAndMarked(system: System, file: ParsedFile, around: Node): readonly string[] {
  const calls = callsIn(file).filter((call) => contains(around, call));
  const texts = calls.map((call) => sqlOf(system, { file, call }));
  const inSql = (pattern: RegExp): string[] =>
    texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name]) => name!));
  const read = new Set([
    ...inSql(/\b(?:from|(?<!\bfor\s)update)\s+["`]?(\w+)["`]?(?=[\s\S]*\breturning\b|[\s\S]*\bwhere\b|\s)/gi),
    ...calls.flatMap((call) => (READS.test(lastOf(call.callee as Node)) ? tablesOf(file, call) : [])),
  ]);
  const marked = [
    ...inSql(/\b(?:(?<!\bfor\s)update|delete\s+from)\s+["`]?(\w+)["`]?/gi),
    ...calls.flatMap((call) => (MARKS.test(lastOf(call.callee as Node)) ? tablesOf(file, call) : [])),
  ];
  return [...new Set(marked)].filter((name) => read.has(name) && !PLAIN.test(name) && name.length > 3);
}

/** `trx('outgoing').where(…)`, `this.outgoing.findAll(…)`, `manager.find(Outgoing, …)` */
function tablesOf(file: ParsedFile, call: Node): string[] {
  const { callee, arguments: args } = call as Extract<Node, { type: 'CallExpression' }>;
  const [first] = args as readonly Node[];
  const isNamed = first?.type === 'Identifier' && (/^[A-Z]/.test(first.name) || NAMES.test(lastOf(callee as Node)));
  const entity = isNamed ? [first.name] : [];
  const receiver =
    callee.type === 'MemberExpression'
      ? pathOf(callee.object as Node)
          .at(-1)!
          .replace('#', '')
      : '*';
  return [...entity, receiver, ...builtOf(file, callee as Node)];
}

/** How Drizzle says of which table: `tx.select().from(outgoing)`, `tx.delete(outgoing)`. */
const NAMES = /^(from|update|delete)$/;

/** The table with which a chain begins: `trx('outgoing').whereNull('sent').limit(10)`. */
function builtOf(file: ParsedFile, callee: Node): string[] {
  const starts = file
    .all('CallExpression')
    .filter(
      (one) => contains(callee, one) && one.callee.type === 'Identifier' && ancestorsOf(file, one).includes(callee),
    );
  return starts.flatMap((one) => nameOf(one.arguments[0] as Node | undefined) ?? []);
}
