import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { CallSite } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { valueNode } from '../model/texts.ts';
import { type AnyCall, ancestorsOf, contains, functionsAround, nameOf, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { sqlOf } from './effects.ts';
import { fieldOfEntity } from './entities.ts';
import type { MessageUse } from './messages.ts';
import { outboxNames } from './outbox-names.ts';
import { type Relay, relays } from './relays.ts';
import { lifted } from './topics.ts';
import { statementOf } from './transaction-handles.ts';
import { putsInto } from './transactions.ts';
import { usedFiles } from './used-files.ts';

/** What empties outboxes: each call that publishes what is stored there. */
export const outboxRelays = perSystem((system: System): readonly Relay[] =>
  relays(system).filter(({ file, call }) => isOfOutbox(system, file, call)),
);

/** A message in an outbox: it is published under the topic that it is stored with. */
export type StoredTopic = Pick<MessageUse, 'part' | 'file' | 'line'> & { readonly topic: string | undefined };

/** Of parts whose outbox has a relay that takes the topic out of a field of what is stored. */
export const storedTopics = perSystem((system: System): readonly StoredTopic[] =>
  [...system.services, ...system.gateways].flatMap((part) => {
    const files = usedFiles(system, part);
    const own = outboxRelays(system).filter(({ file }) => files.includes(file));
    const known = new Set(own.flatMap(({ field }) => (field === undefined ? [] : [plain(field)])));
    if (own.length === 0 || known.size > 1) return [];
    return storedBy(system, part, known.size === 1 ? [...known] : FIELDS);
  }),
);

/** What stands in one of these fields of the messages that a part puts into its outbox. */
export const storedBy = (system: System, part: Part, fields: readonly string[]): StoredTopic[] =>
  [...new Set([...usedFiles(system, part), ...system.filesOf(part)])].flatMap((file) =>
    putsInto(system, file).flatMap((call) => topicsOf(system, part, { file, call, fields })),
  );

/** What a topic is called, where the relay does not tell. */
const FIELDS = ['topic', 'routingkey', 'subject', 'channel', 'type', 'eventtype', 'messagetype', 'eventname', 'name'];

/** Where a message is put into the outbox, or where a function that does so is called with what it is. */
function topicsOf(
  system: System,
  part: Part,
  { file, call, fields }: CallSite & { readonly fields: readonly string[] },
) {
  for (const field of fields) {
    const given = fieldOfPut(system, file, { call, field });
    if (given === undefined) continue;
    if (typeof given === 'string') return [{ part, file, line: file.lineAt(call.start), topic: given }];
    return [given, ...inOtherCase(file, given)]
      .flatMap((one) => alternatives(one))
      .flatMap((topic) => lifted(system, { file, call, topic }))
      .filter((one) => system.partOf(one.file.path) === part)
      .map((one) => ({ part, file: one.file, line: one.file.lineAt(one.call.start), topic: one.text }));
  }
  return [];
}

const isOfOutbox = (system: System, file: ParsedFile, call: Node): boolean =>
  /outbox/i.test(file.path) ||
  functionsAround(file, call).some((around) => outboxNames(system).test(file.textOf(around)));

const plain = (name: string): string => name.replaceAll('_', '').toLowerCase();

interface Put {
  readonly call: AnyCall;
  readonly field: string;
}

/** What stands in the field of a message that is put into the outbox: an expression, or a text of the SQL. */
function fieldOfPut(system: System, file: ParsedFile, { call, field }: Put): Node | string | undefined {
  const sql = sqlOf(system, { file, call });
  if (INSERT.test(sql)) return fieldInSql(call, { field, sql });
  const put = file.all('Property').filter((one) => contains(statementOf(file, call), one));
  const own = put.find((one) => plain(nameOf(one.key) ?? '') === field);
  if (own) return own.value as Node;
  const [given] = call.arguments as readonly Node[];
  return (
    fieldOfPacked(system, file, { field, put: put.map(({ value }) => value as Node) }) ??
    fieldOfEntity(system, file, { given, isField: (name) => plain(name) === field })
  );
}

/** `const body = JSON.stringify({ type, data })`, where that is what is put. */
function fieldOfPacked(
  { program }: System,
  file: ParsedFile,
  { field, put }: { readonly field: string; readonly put: readonly Node[] },
): Node | undefined {
  return put
    .flatMap((value) => {
      const made = value.type === 'Identifier' ? valueNode(program, file, value) : { file, node: value };
      const isPacked = made?.node.type === 'CallExpression' && pathOf(made.node.callee).join('.') === 'JSON.stringify';
      const packed = isPacked ? ((made.node as AnyCall).arguments[0] as Node | undefined) : undefined;
      if (made?.file !== file || packed?.type !== 'ObjectExpression') return [];
      return packed.properties.flatMap((entry) =>
        entry.type === 'Property' && plain(nameOf(entry.key) ?? '') === field ? [entry.value as Node] : [],
      );
    })
    .at(0);
}

const INSERT = /insert\s+into\s+\S+\s*\(([^)]*)\)\s*values\s*\(([\s\S]*)\)/i;

/** `insert into outbox (topic, data) values ('order.placed', $1)`, and where the topic is a parameter. */
function fieldInSql(call: AnyCall, { field, sql }: { readonly field: string; readonly sql: string }) {
  const [, columns = '', values = ''] = INSERT.exec(sql) ?? [];
  const index = columns.split(',').findIndex((name) => plain(name.replaceAll(/["`\s]/g, '')) === field);
  const value = values.split(',')[index]?.trim() ?? '';
  const text = /^'([^']*)'$/.exec(value)?.[1];
  if (text !== undefined) return text;
  const place = /^\?$/.test(value) ? index : Number(/^\$(\d+)/.exec(value)?.[1] ?? 0) - 1;
  const list = call.arguments[1] as Node | undefined;
  const given = list?.type === 'ArrayExpression' ? (list.elements[place] as Node | null | undefined) : undefined;
  return place >= 0 ? (given ?? undefined) : undefined;
}

/** The same field of the other object: `held ? { topic: 'held' } : { topic: 'refused' }`. */
function inOtherCase(file: ParsedFile, given: Node): Node[] {
  const [entry, object, choice] = ancestorsOf(file, given);
  if (entry?.type !== 'Property' || object?.type !== 'ObjectExpression' || choice?.type !== 'ConditionalExpression')
    return [];
  const other = [choice.consequent, choice.alternate].find((one) => one !== object);
  return property(other, nameOf(entry.key) ?? '') ? [property(other, nameOf(entry.key) ?? '')!] : [];
}

/** One text or the other. */
const alternatives = (given: Node): Node[] =>
  given.type === 'ConditionalExpression'
    ? [given.consequent, given.alternate].flatMap((one) => alternatives(one))
    : [given];

/** Whether a queue is read of which the code does not tell what is bound to it. */
export const readsUnboundQueue = (uses: readonly MessageUse[]): boolean =>
  uses.some(
    (use) =>
      isMethod(use, 'consume') &&
      !uses.some((other) => (other.part === use.part || other.file === use.file) && isMethod(other, 'bindQueue')),
  );

/** A queue whose bindings the same file tells says nothing new. */
export const isBoundQueue = (use: MessageUse, uses: readonly MessageUse[]): boolean =>
  isMethod(use, 'consume') && uses.some((other) => other.raw?.file === use.raw?.file && isMethod(other, 'bindQueue'));

const isMethod = ({ raw }: MessageUse, name: string): boolean =>
  raw !== undefined && pathOf(raw.call.callee as Node).at(-1) === name;
