import type { Node } from 'oxc-parser';
import { type CallSite, callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { type AnyCall, contains, functionsAround, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { sqlOf } from './effects.ts';
import { kindOf, libraryOf, type MessageUse, topicNodes } from './messages.ts';
import { texts } from './topics.ts';
import { putsInto } from './transactions.ts';
import { usedFiles } from './used-files.ts';

/** A call that publishes, and the field of what it is given that is the topic: `publish(row.topic, …)`. */
interface Relay extends CallSite {
  readonly field: string;
}

/** What publishes messages by a topic that they bring along. */
const relays = perSystem((system: System): readonly Relay[] =>
  system.program.files.flatMap((file) =>
    callsIn(file).flatMap((call) => {
      if (kindOf(system, { file, call }) !== 'published') return [];
      const [topic] = topicNodes({ file, call }, libraryOf(system, { file, call }));
      const field = topic && fieldIn(system, file, topic);
      return field === undefined ? [] : [{ file, call, field }];
    }),
  ),
);

function fieldIn({ program }: System, file: ParsedFile, topic: Node): string | undefined {
  if (topic.type === 'MemberExpression' && !topic.computed && topic.object.type === 'Identifier')
    return nameOf(topic.property as Node);
  const binding = topic.type === 'Identifier' ? program.scopesOf(file).lookUp(topic.name, topic) : undefined;
  return binding?.kind === 'value' ? binding.path.at(-1) : undefined;
}

/** A message in an outbox: it is published under the topic that it is stored with. */
export type StoredTopic = Pick<MessageUse, 'part' | 'file' | 'line'> & { readonly topic: string | undefined };

const OUTBOX = /outbox/i;

/** Of parts whose outbox has a relay that takes the topic out of a field of what is stored. */
export const storedTopics = perSystem((system: System): readonly StoredTopic[] =>
  [...system.services, ...system.gateways].flatMap((part) => {
    const files = usedFiles(system, part);
    const own = relays(system).filter(({ file, call }) => files.includes(file) && isOfOutbox(file, call));
    const fields = new Set(own.map(({ field }) => plain(field)));
    const [field] = fields;
    if (field === undefined || fields.size > 1) return [];
    return system.filesOf(part).flatMap((file) =>
      putsInto(system, file).flatMap((call) =>
        topicsIn(system, file, { call, field }).map((topic) => ({
          part,
          file,
          line: file.lineAt(call.start),
          topic,
        })),
      ),
    );
  }),
);

const isOfOutbox = (file: ParsedFile, call: Node): boolean =>
  OUTBOX.test(file.path) || functionsAround(file, call).some((around) => OUTBOX.test(file.textOf(around)));

const plain = (name: string): string => name.replaceAll('_', '').toLowerCase();

interface Put {
  readonly call: AnyCall;
  readonly field: string;
}

function topicsIn(system: System, file: ParsedFile, { call, field }: Put): (string | undefined)[] {
  const sql = sqlOf(system, { file, call });
  if (sql !== '') return topicsInSql(system, file, { call, field, sql });
  const [given] = file
    .all('Property')
    .filter((one) => contains(call, one) && plain(nameOf(one.key) ?? '') === field)
    .map(({ value }) => value as Node);
  return given ? texts(system, file, given) : [undefined];
}

const INSERT = /insert\s+into\s+\S+\s*\(([^)]*)\)\s*values\s*\(([\s\S]*)\)/i;

/** `insert into outbox (topic, data) values ('order.placed', $1)`, and where the topic is a parameter. */
function topicsInSql(system: System, file: ParsedFile, { call, field, sql }: Put & { readonly sql: string }) {
  const [, columns = '', values = ''] = INSERT.exec(sql) ?? [];
  const index = columns.split(',').findIndex((name) => plain(name.replaceAll(/["`\s]/g, '')) === field);
  const value = values.split(',')[index]?.trim() ?? '';
  const text = /^'([^']*)'$/.exec(value)?.[1];
  if (text !== undefined) return [text];
  const place = Number(/^\$(\d+)/.exec(value)?.[1] ?? 0) - 1;
  const list = call.arguments[1] as Node | undefined;
  const given = list?.type === 'ArrayExpression' ? (list.elements[place] as Node | null | undefined) : undefined;
  return given && place >= 0 ? textsOf(system, file, given) : [undefined];
}

/** One text or the other. */
const textsOf = (system: System, file: ParsedFile, given: Node): (string | undefined)[] =>
  given.type === 'ConditionalExpression'
    ? [given.consequent, given.alternate].flatMap((one) => textsOf(system, file, one))
    : texts(system, file, given);

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
