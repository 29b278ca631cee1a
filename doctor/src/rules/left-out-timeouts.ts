import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { valueNode } from '../model/texts.ts';
import { membersOf, returnedBy } from '../model/value-nodes.ts';
import { contains, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Draft } from './rule.ts';

const TIMEOUT = /^time_?out(Ms|InMs|Millis)?$/i;

const HANGS = 'a call that hangs is no failure to its breaker';

/** Clients of a kit of this repository that has no time-out of its own and asks its callers for one, without it. */
export const leftOutTimeouts = (system: System): Draft[] =>
  [...system.services, ...system.gateways].flatMap((part) =>
    system.filesOf(part).flatMap((file) =>
      callsIn(file).flatMap((call): Draft[] => {
        const given = (call.arguments as readonly Node[])[0];
        if (given?.type !== 'ObjectExpression' || tellsTimeout(system, { file, node: given }) !== false) return [];
        const makers = system.program
          .calleesOf({ file, call })
          .filter((maker) => system.partOf(maker.file.path)?.kind === 'library');
        if (makers.length === 0 || !makers.every(needsTimeout)) return [];
        const line = file.lineAt(call.start);
        const what = `A client of ${part.name} is made without a timeout: ${HANGS}`;
        return [
          { subject: part.name, what, evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }] },
        ];
      }),
    ),
  );

/** Whether the maker's first parameter has to tell how long a call may take. */
function needsTimeout({ file, node }: FunctionAt): boolean {
  const [first] = node.params as readonly (Node & {
    readonly typeAnnotation?: { readonly typeAnnotation: Node } | null;
  })[];
  if (!CALLS_OTHERS.test(file.lines.join('\n'))) return false;
  const type = first?.typeAnnotation?.typeAnnotation;
  if (type) return membersAt(file, type).some((one) => isNeeded(one) && TIMEOUT.test(nameOf(keyOf(one)) ?? ''));
  if (first?.type !== 'ObjectPattern') return false;
  const taken = first.properties.flatMap((one) =>
    one.type === 'Property' && one.value.type === 'Identifier' && TIMEOUT.test(nameOf(one.key) ?? '')
      ? [one.value.name]
      : [],
  );
  const uses = file.all('Identifier').filter((one) => taken.includes(one.name) && contains(node, one));
  return taken.length > 0 && uses.every((one) => contains(first, one) || isHandedOn(file, one));
}

/** A server of a kit that takes one as well is asked by others. */
const CALLS_OTHERS = /breaker|circuit|policy|fetch|axios|undici|\bgot\b|https?\.request|client/i;

/** As it is: what is compared, or put together with something else, may be left out. */
function isHandedOn(file: ParsedFile, use: Node): boolean {
  const parent = file.parentOf(use);
  if (parent?.type === 'CallExpression') return !/^(Number|parseInt)$/.test(pathOf(parent.callee).at(-1)!);
  if (parent?.type === 'MemberExpression') return parent.property === use;
  const holder = parent?.type === 'Property' ? file.parentOf(file.parentOf(parent)!) : undefined;
  return parent?.type === 'Property' && holder?.type !== 'LogicalExpression';
}

const keyOf = (member: Node): Node | undefined =>
  member.type === 'TSPropertySignature' ? (member.key as Node) : undefined;
const isNeeded = (member: Node): boolean => member.type === 'TSPropertySignature' && !member.optional;

function membersAt(file: ParsedFile, type: Node): readonly Node[] {
  if (type.type !== 'TSTypeReference') return membersOf(type);
  const name = nameOf(type.typeName as Node);
  const declared = file.all('TSInterfaceDeclaration').find(({ id }) => nameOf(id) === name);
  return declared ? membersOf(declared) : [];
}

interface Place {
  readonly file: ParsedFile;
  readonly node: Node;
}

/** Nothing where what is spread into it is not known. */
function tellsTimeout(system: System, { file, node }: Place, depth = 0): boolean | undefined {
  if (node.type !== 'ObjectExpression' || depth > 3) return undefined;
  const all = node.properties.map((entry) =>
    entry.type === 'Property'
      ? TIMEOUT.test(nameOf(entry.key as Node) ?? '')
      : tellsTimeoutIn(system, { file, node: entry.argument }, depth + 1),
  );
  if (all.includes(true)) return true;
  return all.includes(undefined) ? undefined : false;
}

function tellsTimeoutIn(system: System, { file, node }: Place, depth: number): boolean | undefined {
  if (node.type !== 'CallExpression') {
    const found = valueNode(system.program, file, node);
    return found && tellsTimeout(system, found, depth);
  }
  const answers = system.program
    .calleesOf({ file, call: node })
    .flatMap((one) => returnedBy(one.file, one.node).map((answer) => ({ file: one.file, node: answer })));
  const all = answers.map((one) => tellsTimeout(system, one, depth));
  return all.length === 0 || all.includes(undefined) ? undefined : all.includes(true);
}
