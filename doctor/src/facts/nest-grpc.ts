import type { Node } from 'oxc-parser';
import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { nameOf, pathOf, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** `this.users.getUser(…)`, where `this.users = client.getService<Users>('UserService')`: the service that is asked. */
export function remoteServiceOf(system: System, { file, call }: CallSite): string | undefined {
  if (call.type !== 'CallExpression' || call.callee.type !== 'MemberExpression') return undefined;
  if (!file.imports.some(({ specifier }) => specifier === '@nestjs/microservices')) return undefined;
  const receiver = pathOf(call.callee.object as Node).join('.');
  const made = madeBy(file, receiver);
  if (made?.type !== 'CallExpression' || pathOf(made.callee).at(-1) !== 'getService') return undefined;
  const origin = system.program.originOf(file, made.callee);
  const isRemote = origin.kind === 'external' && origin.module === '@nestjs/microservices';
  return isRemote ? (nameOf(made.arguments[0] as Node | undefined) ?? '') : undefined;
}

/** What a field or a name of this file is set to. */
function madeBy(file: ParsedFile, receiver: string): Node | undefined {
  const set = file.all('AssignmentExpression').find(({ left }) => pathOf(left as Node).join('.') === receiver);
  if (set) return unwrap(set.right);
  const fields = file.all('PropertyDefinition') as unknown as readonly { key: Node; value: Node | null }[];
  const field = fields.find(({ key }) => `this.${nameOf(key)}` === receiver);
  if (field?.value) return unwrap(field.value);
  const named = file.all('VariableDeclarator').find(({ id }) => nameOf(id as Node) === receiver);
  return named?.init ? unwrap(named.init) : undefined;
}
