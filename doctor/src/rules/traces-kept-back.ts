import type { Node } from 'oxc-parser';
import { userOf } from '../facts/breakers.ts';
import { isReached } from '../facts/reached.ts';
import type { Part } from '../model/layout.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { type AnyCall, contains, functionsAround, isFunction, nameOf, pathOf, property } from '../source/ast.ts';
import { groupBy } from '../source/group-by.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Draft } from './rule.ts';

const NAME = 'traceparent';

/** Kits that carry the trace by hand, where it does not come along. */
export const keptBack = perSystem((system: System): readonly Draft[] => [
  ...neverPut(system),
  ...withoutParent(system),
]);

interface Place {
  readonly file: ParsedFile;
  readonly node: Node;
}

/** What hands things on takes the trace out of what comes, and puts it into nothing that goes. */
function neverPut(system: System): Draft[] {
  const libraries = system.program.files.filter((file) => system.partOf(file.path)?.kind === 'library');
  return [...groupBy(libraries, (file) => system.partOf(file.path)!.folder).values()].flatMap((files) => {
    const reads = files.flatMap((file) => readsOf(file).map((node) => ({ file, node })));
    const [read] = reads;
    if (read && !reads.some((one) => isReached(system, system.program.files, one)))
      return told(system, read, 'has what takes it out of what comes, and nothing uses that');
    if (!read || !files.some(handsOn) || files.some((file) => puts(file) || putsByOthers(system, file))) return [];
    return told(system, read, 'takes it out of what comes, and puts it into nothing that it hands on');
  });
}

/** `message.traceparent`, `headers.get('traceparent')` */
const readsOf = (file: ParsedFile): Node[] => [
  ...file.all('MemberExpression').filter((one) => nameOf(one.property as Node) === NAME),
  ...file
    .all('CallExpression')
    .filter((one) => pathOf(one.callee).at(-1) === 'get' && nameOf(one.arguments[0] as Node | undefined) === NAME),
];

const HANDS_ON = /^(publish|enqueue|forward|relay|produce)$/;

const handsOn = (file: ParsedFile): boolean =>
  [...file.all('MethodDefinition'), ...file.all('Property')].some(
    (one) => isFunction(one.value as Node) && HANDS_ON.test(nameOf(one.key as Node)?.replace('#', '') ?? ''),
  ) || /(^|\/)(upstream|forward\w*|relay|outbox|publisher)\b/.test(file.path);

/** `{ traceparent: … }`, `headers.set('traceparent', …)`, a line of a head, or by the library of the tracer. */
const puts = (file: ParsedFile, within?: Node): boolean =>
  file
    .all('Property')
    .some(
      (one) =>
        nameOf(one.key) === NAME &&
        (!within || contains(within, one)) &&
        file.parentOf(one)?.type === 'ObjectExpression' &&
        !((one.value as Node).type === 'Literal' && nameOf(one.value as Node) === ''),
    ) ||
  callsIn(file).some(
    (call) =>
      (!within || contains(within, call)) &&
      /^(set|append|header|setHeader)$/.test(pathOf(call.callee as Node).at(-1)!) &&
      nameOf(call.arguments[0] as Node | undefined) === NAME,
  ) ||
  /traceparent: ?\$\{|(?<!@)\binject\(|propagation/.test(within ? file.textOf(within) : file.lines.join('\n'));

/** By a function of another library: `toMessageContext(context)`. */
const putsByOthers = ({ program }: System, file: ParsedFile): boolean =>
  callsIn(file).some((call) =>
    program
      .calleesOf({ file, call })
      .flatMap((one) => [one, ...program.callsReachedFrom(one, 1).flatMap((site) => program.calleesOf(site))])
      .some((one) => one.file !== file && puts(one.file, one.node)),
  );

const CONSUMER = /^(['"]consumer['"]|(\w+\.)*CONSUMER)$/;
const BEGINS = /^(begin|start(Active)?Span|startSpan)$/;
const TAKES = /\.traceparent\b|\bget\(\s*['"]traceparent|\bextract\(/;

/** The span of who hears a message, which is no child of what the message brings along. */
const withoutParent = (system: System): Draft[] =>
  system.program.files
    .filter((file) => system.partOf(file.path)?.kind === 'library')
    .flatMap((file) =>
      callsIn(file)
        .filter((call) => isConsumers(file, call) && !hasParent(system, file, call))
        .flatMap((node) =>
          told(system, { file, node }, 'begins the span of who hears a message under nothing that it brings'),
        ),
    );

const isConsumers = (file: ParsedFile, call: AnyCall): boolean =>
  BEGINS.test(pathOf(call.callee as Node).at(-1)!) &&
  (call.arguments as readonly Node[]).some((given) => {
    const kind = property(given, 'kind');
    return kind !== undefined && CONSUMER.test(file.textOf(kind));
  });

/** Whether the functions around it, what they call, or who calls them take the trace out of the message. */
function hasParent({ program }: System, file: ParsedFile, call: AnyCall): boolean {
  const around = functionsAround(file, call);
  const callers = around.flatMap((one) => program.callersOf(one));
  const texts = [
    ...around.map((one) => file.textOf(one)),
    ...around
      .flatMap((node) => program.callsReachedFrom({ file, node }, 1))
      .flatMap((site) => program.calleesOf(site))
      .map((one) => one.file.textOf(one.node)),
    ...callers.flatMap((site) => functionsAround(site.file, site.call).map((one) => site.file.textOf(one))),
  ];
  return texts.some((text) => TAKES.test(text));
}

const BY_ITSELF =
  /auto-instrumentations|\/instrumentation-|dd-trace|elastic-apm|newrelic|sentry|@azure\/monitor|instana/;

/** An instrumentation carries the trace, and a span of one's own lies below its. */
const isAutomatic = (system: System, part: Part): boolean =>
  [...part.dependencies].some((name) => BY_ITSELF.test(name)) ||
  system.closureOf(part).some((file) => file.imports.some(({ specifier }) => BY_ITSELF.test(specifier)));

function told(system: System, { file, node }: Place, why: string): Draft[] {
  const part = userOf(system, file);
  if (!part || isAutomatic(system, part)) return [];
  const line = file.lineAt(node.start);
  const { name } = system.partOf(file.path)!;
  return [
    {
      subject: part.name,
      what: `The trace ends in ${name}, which ${part.name} uses: it ${why}`,
      evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim().slice(0, 160) }],
    },
  ];
}
