import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { type AnyCall, nameOf, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isReached } from './reached.ts';

/** A message type with its schema: `event('order.OrderCreated.v1', schema)`. */
export interface MessageContract {
  readonly file: ParsedFile;
  readonly line: number;
  readonly kind: 'event' | 'command';
  readonly type: string;
  readonly schema: Node | undefined;
  /** The field of its data by which its messages are in order, and the channel that it travels on: `events`. */
  readonly key: string | undefined;
  readonly channel: string | undefined;
  /** Where it is used as a value, besides its definition. */
  readonly uses: readonly ContractUse[];
}

export interface ContractUse {
  readonly part: Part;
  readonly file: ParsedFile;
  readonly line: number;
  /** `idle`: it would be heard there, and nothing comes by. */
  readonly kind: 'consumed' | 'idle' | 'used';
}

const TYPE = /^[\w-]+(\.[\w-]+)+$/;

/** The messages that contracts define by a call, with everybody who names them. */
export const messageContracts = perSystem((system: System): readonly MessageContract[] =>
  system.program.files
    .filter((file) => system.partOf(file.path)?.kind === 'contracts')
    .flatMap((file) => callsIn(file).flatMap((call) => contractOf(system, file, call))),
);

function contractOf(system: System, file: ParsedFile, call: AnyCall): MessageContract[] {
  const kind = pathOf(call.callee as Node).at(-1)!;
  const [type, schema, options] = call.arguments as readonly Node[];
  const text = type?.type === 'Literal' ? nameOf(type) : undefined;
  const holder = file.parentOf(call);
  if ((kind !== 'event' && kind !== 'command') || text === undefined || !TYPE.test(text)) return [];
  const name = holder?.type === 'VariableDeclarator' ? nameOf(holder.id as Node) : undefined;
  const uses = name === undefined ? [] : usesOf(system, file, name);
  const told = (field: string): string | undefined => nameOf(property(options, field));
  const isTold = options?.type === 'ObjectExpression' && options.properties.every((one) => one.type === 'Property');
  const channel = isTold ? (told('channel') ?? `${kind}s`) : undefined;
  return [{ file, line: file.lineAt(call.start), kind, type: text, schema, key: told('key'), channel, uses }];
}

function usesOf(system: System, home: ParsedFile, name: string): ContractUse[] {
  return importersOf(system, home).flatMap(({ part, file }) =>
    file
      .all('Identifier')
      .filter((node) => node.name === name && !isInImportOrType(file, node))
      .map((node): ContractUse => {
        const parent = file.parentOf(node);
        const isHeard =
          parent?.type === 'CallExpression' &&
          parent.arguments[0] === node &&
          /^(on|subscribe|handle|consume|when|project)$/.test(pathOf(parent.callee).at(-1)!);
        const isWired = !isHeard || isReached(system, system.closureOf(part), { file, node });
        return { part, file, line: file.lineAt(node.start), kind: isHeard ? (isWired ? 'consumed' : 'idle') : 'used' };
      }),
  );
}

const importersOf = (system: System, home: ParsedFile): { part: Part; file: ParsedFile }[] =>
  [...system.services, ...system.gateways].flatMap((part) =>
    system
      .filesOf(part)
      .filter((file) => system.importsOf(file).some(({ target }) => target.kind === 'own' && target.path === home.path))
      .map((file) => ({ part, file })),
  );

function isInImportOrType(file: ParsedFile, node: Node): boolean {
  for (let at = file.parentOf(node); at; at = file.parentOf(at)) {
    if (at.type === 'ImportDeclaration') return true;
    if (at.type.startsWith('TS') && at.type !== 'TSAsExpression' && at.type !== 'TSSatisfiesExpression') return true;
    if (at.type.endsWith('Statement') || at.type === 'VariableDeclaration') return false;
  }
  return false;
}
