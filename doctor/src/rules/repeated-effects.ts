import type { Node } from 'oxc-parser';
import { isDatabaseCall, isWrite, sqlOf } from '../facts/effects.ts';
import { KEEPS_HANDLED, notesTooLate } from '../facts/inbox-notes.ts';
import { notesAnything } from '../facts/noted-messages.ts';
import { putsInto } from '../facts/transactions.ts';
import type { FunctionAt } from '../model/origin.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { ancestorsOf, contains, functionsAround, isFunction, nameOf, pathOf, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

const REMEMBERS = new RegExp(
  'idempot|dedup|inbox|already_?(processed|handled|seen|exists|sent)|(processed|handled|seen|consumed)_?(event|' +
    String.raw`message|id)|on conflict|on duplicate key|insert ignore|setnx|\bnx\b|findorcreate|` +
    'setoninsert|skipduplicates',
  'i',
);
/** A key by which somebody else remembers what he is asked: `{ 'idempotency-key': id }`. */
const OF_OTHERS = /['"](x-)?idempotency-key['"]\s*:|\bidempotent\s*:\s*true\b/gi;
const UPSERTS = /upsert/i;
const DIFFERS = /\$inc\b|\bincrement\b|\bdecrement\b/;
/** The id of the message, where the database is asked. */
const MESSAGE_ID = /(event|message)_?id|idempotency_?key/i;

/** What happens again when a function runs again for the same message; nothing where it remembers what it has done. */
export function repeatedEffect(
  system: System,
  handler: FunctionAt,
  /** What a kit does around the handler, which may remember for it. */
  kit: readonly FunctionAt[] = [],
): CallSite | undefined {
  const reached = system.program.callsReachedFrom(handler);
  const run = [handler, ...kit, ...reached.flatMap((site) => system.program.calleesOf(site))];
  const texts = run.map((one) => textWithoutOwn(system, one).replaceAll(OF_OTHERS, ''));
  if (run.some((one) => asksWhetherNew(system, one) || catchesDuplicates(system, one))) return undefined;
  if ((forgets(system, run) || notesTooLate(system, run)) && !run.some(asksFirst)) return effectIn(system, reached);
  const isInVain = run.some((one) => asksInVain(system, one));
  const remembers = texts.some(
    (text) => (REMEMBERS.test(text) && !isInVain) || (UPSERTS.test(text) && !DIFFERS.test(text)),
  );
  if (remembers) return undefined;
  if (run.some((one) => asksFirst(one) && !asksInVain(system, one))) return undefined;
  const around = kit.flatMap((one) => system.program.callsReachedFrom(one, 2));
  const effect = effectIn(system, reached);
  const asked = [...reached, ...around].filter(
    (site) => isDatabaseCall(system, site) && !putsInto(system, site.file).includes(site.call),
  );
  const isKnown = asked.some((site) => MESSAGE_ID.test(site.call === effect?.call ? keysAskedIn(site) : askedIn(site)));
  return isKnown && !isInVain ? undefined : effect;
}

/** What it asks functions of this repository says nothing by their names: what they do is looked at by itself. */
function textWithoutOwn({ program }: System, { file, node }: FunctionAt): string {
  const own = callsIn(file).filter(
    (call) =>
      contains(node, call) &&
      /inbox/i.test(file.textOf(call.callee as Node)) &&
      program.calleesOf({ file, call }).length > 0,
  );
  return own.reduce((text, call) => text.replace(file.textOf(call.callee as Node), ''), file.textOf(node));
}

/** What differs when it is done again; what ignores that it is there already does not. */
const effectIn = (system: System, reached: readonly CallSite[]): CallSite | undefined =>
  reached.find(
    (site) => isWrite(system, site) && isRepeatable(system, site) && !IGNORES_CONFLICTS.test(statementAt(site)),
  ) ?? reached.find((site) => isSentOut(system, site));

const IGNORES_CONFLICTS = new RegExp(
  String.raw`on conflict[^'"\`]*do nothing|insert ignore|orignore\(|onconflictdonothing\(|findorcreate\(|` +
    String.raw`skipduplicates|\)\s*\.ignore\(|\bdonothing\(`,
  'i',
);

/** The text of a call, with what is called on its answer: `insert().into(…).orIgnore().execute()`. */
function statementAt({ file, call }: CallSite): string {
  let outer: Node = call;
  for (const next of ancestorsOf(file, call)) {
    const isChained = next.type === 'MemberExpression' && next.object === outer;
    if (!isChained && !(next.type === 'CallExpression' && next.callee === outer)) break;
    outer = next;
  }
  return file.textOf(outer);
}

/** It notes the message where that is new, and does not look whether it was. */
function forgets(system: System, run: readonly FunctionAt[]): boolean {
  const noted = run.flatMap(({ file, node }) =>
    callsIn(file)
      .filter((call) => contains(node, call))
      .map((call) => ({ file, call }))
      .filter((site) => isDatabaseCall(system, site) || isWrite(system, site))
      .map((site) => ({ site, text: `${statementAt(site)} ${sqlOf(system, site)}` }))
      .filter(({ site, text }) => isBare(site) && KEEPS_HANDLED.test(text))
      .filter(({ site, text }) => IGNORES_CONFLICTS.test(text) || overwrites(site)),
  );
  return noted.length > 0 && noted.every(({ site }) => isUnused(site) || isToldInVain(system, site));
}

/** A function that only says whether the message is new, and that nobody listens to. */
function isToldInVain(system: System, { file, call }: CallSite): boolean {
  const [around] = functionsAround(file, call);
  const callers = around ? system.program.callersOf(around) : [];
  const decides = around && /\bif\b|\?[^.?]|&&|\|\|/.test(file.textOf(around.body ?? around));
  return callers.length > 0 && !decides && callers.every(isUnused);
}

/** It takes what is there already for its own: TypeORM's `save` of an id that is known is an update. */
const overwrites = ({ file, call }: CallSite): boolean => {
  const method = pathOf(call.callee as Node).at(-1)!;
  return method === 'upsert' || (method === 'save' && file.imports.some(({ specifier }) => /typeorm$/.test(specifier)));
};

/** A call that runs other functions is not the statement itself. */
const isBare = ({ call }: CallSite): boolean => !(call.arguments as readonly Node[]).some((one) => isFunction(one));

/** Nothing becomes of the answer of a call: it has no name, or one that nobody reads. */
function isUnused({ file, call }: CallSite): boolean {
  const holder = ancestorsOf(file, call).find(({ type }) => !PASSES_ON.has(type));
  if (holder?.type === 'ExpressionStatement') return true;
  if (holder?.type !== 'VariableDeclarator') return false;
  const id = holder.id as Node;
  const names = new Set(
    file.all('Identifier').flatMap((one) => (contains(id, one) && !isKeyOf(file, one) ? [one.name] : [])),
  );
  const [around] = functionsAround(file, call);
  const within = around ?? file.program;
  return !file
    .all('Identifier')
    .some((one) => names.has(one.name) && contains(within, one) && !contains(id, one) && !isMember(file, one));
}

/** `rowCount` of `taken.rowCount` is not the name that stands alone. */
const isMember = (file: ParsedFile, node: Node): boolean => {
  const parent = file.parentOf(node);
  return parent?.type === 'MemberExpression' && parent.property === node && !parent.computed;
};

/** `a` of `{ a: b }`: there `b` is the name. */
const isKeyOf = (file: ParsedFile, node: Node): boolean => {
  const parent = file.parentOf(node);
  return parent?.type === 'Property' && parent.key === node && parent.value !== node && !parent.shorthand;
};

const PASSES_ON: ReadonlySet<string> = new Set([
  'AwaitExpression',
  'MemberExpression',
  'CallExpression',
  'ChainExpression',
]);

/** What a call asks for, without what functions do that are handed to it: their calls are looked at by themselves. */
const askedIn = ({ file, call }: CallSite): string =>
  (call.arguments as readonly Node[])
    .filter((given) => !isFunction(given))
    .map((given) => file.textOf(given))
    .join(', ');

/** What is changed is asked for by the id of the message only where it keeps that, and not where that is its own id. */
const keysAskedIn = (site: CallSite): string => askedIn(site).replaceAll(/:\s*[\w.]+/g, '');

/** It looks among the messages that were handled, and nothing ever notes one there. */
function asksInVain(system: System, { file, node }: FunctionAt): boolean {
  const asked = callsIn(file).filter(
    (call) => contains(node, call) && isDatabaseCall(system, { file, call }) && !isWrite(system, { file, call }),
  );
  const among = asked.filter(
    (call) => LOOKS_UP.test(pathOf(call.callee as Node).at(-1)!) && KEEPS_HANDLED.test(file.textOf(call)),
  );
  return among.length > 0 && !notesAnything(system, file);
}

const LOOKS_UP = /^(find|exists?|get|has|count|query|select|first)\w*$/;
/** `order.status === 'pending'`, or what is stored against what the message says: `ticket.orderId === data.id`. */
const COMPARES = /\.(status|state)\b\s*[=!]==?|\.\w+\s*[=!]==?\s*\w+(\.\w+)+|includes\([^)]*\.(status|state)\)/;

/** Whether it looks at the state that it would leave, and does nothing where that is there. */
const asksFirst = ({ file, node }: FunctionAt): boolean =>
  file.all('IfStatement').some((one) => {
    if (!contains(node, one) || isFilter(file, one)) return false;
    if (COMPARES.test(file.textOf(one.test as Node))) return true;
    const { test, consequent } = one as { test: Node; consequent: Node };
    const isMissing = test.type === 'UnaryExpression' && test.operator === '!';
    return isMissing
      ? /\bawait\b/.test(file.textOf(consequent)) && isFound(file, test.argument)
      : endsHere(consequent) && isFound(file, test);
  });

const DUPLICATE = /duplicate_?(key|entry)|\b11000\b|\b23505\b|P2002|UniqueConstraint|ER_DUP_ENTRY|unique_?violation/i;

/** It writes down what may be there already, and knows that by the error of the database. */
const catchesDuplicates = (system: System, { file, node }: FunctionAt): boolean =>
  file.all('TryStatement').some((one) => {
    if (!contains(node, one) || !one.handler || !DUPLICATE.test(file.textOf(one.handler))) return false;
    return callsIn(file).some(
      (call) => contains(one.block, call) && isWrite(system, { file, call }) && !changesOnly(system, { file, call }),
    );
  });

/** What is there already is changed: that never collides with itself. */
const changesOnly = (system: System, site: CallSite): boolean =>
  /^(update(One|Many)?|findOneAndUpdate|findByIdAndUpdate|increment|decrement|delete\w*|remove\w*|destroy)$/.test(
    pathOf(site.call.callee as Node).at(-1)!,
  ) || /^\s*(update|delete)\b/i.test(sqlOf(system, site));

/** `const charge = await charges.open(…); if (!charge) return;`, where that ignores what is there already. */
const asksWhetherNew = (system: System, { file, node }: FunctionAt): boolean =>
  file.all('IfStatement').some((one) => {
    const { test, consequent } = one as { test: Node; consequent: Node };
    if (!contains(node, one) || test.type !== 'UnaryExpression' || test.operator !== '!' || !endsHere(consequent))
      return false;
    const name = nameOf(unwrap(test.argument));
    const binding = name === undefined ? undefined : system.program.scopesOf(file).lookUp(name, test);
    const made = binding?.kind === 'value' && binding.init ? unwrap(binding.init) : undefined;
    if (made?.type !== 'CallExpression') return false;
    if (IGNORES_CONFLICTS.test(file.textOf(made))) return true;
    return system.program
      .calleesOf({ file, call: made })
      .some((callee) => IGNORES_CONFLICTS.test(callee.file.textOf(callee.node)));
  });

const endsHere = (then: Node): boolean =>
  then.type === 'ReturnStatement' ||
  (then.type === 'BlockStatement' && (then.body.at(-1) as Node | undefined)?.type === 'ReturnStatement');

const LOOKS = /\bawait\b[\s\S]*\.(find|exists|get|has|load|count)\w*\(/;

/** `if (await sent.findOne({ orderId })) return;`, also where what was found has a name, or was not found. */
function isFound(file: ParsedFile, test: Node): boolean {
  const given = unwrap(test);
  const isCompared = given.type === 'BinaryExpression' && /^!==?$|^>$/.test(given.operator);
  const found = isCompared ? unwrap(given.left as Node) : given;
  if (found.type === 'UnaryExpression') return false;
  if (found.type !== 'Identifier') return LOOKS.test(file.textOf(test));
  return file
    .all('VariableDeclarator')
    .some(({ id, init }) => nameOf(id as Node) === found.name && init && LOOKS.test(file.textOf(init)));
}

/** What chooses inside of a loop or a callback of a list says nothing of the message. */
const isFilter = (file: ParsedFile, one: Node): boolean =>
  ancestorsOf(file, one).some(({ type }) => /^(For|While|DoWhile)/.test(type));

/** Whether doing it twice differs from doing it once: something new, or a difference. */
function isRepeatable(system: System, { file, call }: CallSite): boolean {
  const method = pathOf(call.callee as Node).at(-1)!;
  const given = call.arguments[0] as Node | undefined;
  const text = sqlOf(system, { file, call });
  if (/^\s*insert/i.test(text)) return true;
  if (/^\s*update/i.test(text)) return /(\w+)\s*=\s*(coalesce\(\s*)?\1\b[^,=]*?(,[^,=()]*\))?\s*[-+]/i.test(text);
  if (/^(insert\w*|create\w*|bulkCreate|increment|decrement|append|add)$/.test(method)) return true;
  if (/^(updateOne|updateMany|update|upsert|findOneAndUpdate|findByIdAndUpdate)$/.test(method))
    return /\$inc|increment|decrement|\$\{\w+\.\w+\}\s*[-+]/.test(statementAt({ file, call }));
  if (method !== 'save' && method !== 'persist') return false;
  const [, row] = call.arguments as readonly Node[];
  // `manager.save(Order, { … })`: without the id that it has already it is a new one.
  if (given?.type === 'Identifier' && row?.type === 'ObjectExpression' && /^[A-Z]/.test(given.name))
    return !row.properties.some(
      (entry) => entry.type === 'SpreadElement' || /^_?id$/.test(nameOf(entry.key as Node) ?? ''),
    );
  if (!given || given.type === 'ObjectExpression') return !isLoadedAndSet(system, { file, call });
  return /^(NewExpression|CallExpression|AwaitExpression)$/.test(given.type);
}

/** `ticket.save()` of a document that was read, and of which fields are set: it is the same when it is done again. */
function isLoadedAndSet({ program }: System, { file, call }: CallSite): boolean {
  if (call.callee.type !== 'MemberExpression') return false;
  const name = nameOf(call.callee.object as Node);
  const binding = name === undefined ? undefined : program.scopesOf(file).lookUp(name, call);
  if (binding?.kind !== 'value' || !binding.init) return false;
  const made = unwrap(binding.init);
  if (made.type !== 'CallExpression' || !/\.(find|get|load|fetch)\w*\(/.test(file.textOf(made))) return false;
  const differs = new RegExp(String.raw`\b${name}\.[\w.]+\s*([-+*]=|\+\+|--|=\s*${name}\.)|\b${name}\.[\w.]+\.push\(`);
  return !differs.test(file.lines.join('\n'));
}

const SENDERS = /^(nodemailer|@sendgrid\/mail|resend|twilio|postmark|mailgun\.js|mailgun-js|@nestjs-modules\/mailer)$/;
const SENDS = /^(sendMail|send|sendEmail|create)$/;

/** A letter or a text to somebody outside: he gets it twice. */
function isSentOut({ program }: System, { file, call }: CallSite): boolean {
  const method = pathOf(call.callee as Node).at(-1)!;
  if (method === 'sendMail') return call.type === 'CallExpression';
  const origin = program.originOf(file, call.callee as Node);
  return origin.kind === 'external' && SENDERS.test(origin.module) && SENDS.test(method);
}
