import type { Node } from 'oxc-parser';
import type { System } from '../model/system.ts';
import { contains, functionsAround, nameOf, pathOf, property, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** What makes the object that a statement is given: here, or where the name that it has was declared. */
function madeAs(system: System, file: ParsedFile, given: Node | undefined): Node | undefined {
  const node = given && unwrap(given);
  if (node?.type !== 'Identifier') return node;
  const binding = system.program.scopesOf(file).lookUp(node.name, node);
  return binding?.kind === 'value' && binding.init && binding.path.length === 0 ? unwrap(binding.init) : undefined;
}

/** The entity of which `em.persist(new Message())` and `em.persist(em.create(Message, { … }))` keep one. */
export function entityOf(system: System, file: ParsedFile, given: Node | undefined): string {
  const made = madeAs(system, file, given);
  if (made?.type === 'NewExpression') return nameOf(made.callee as Node) ?? '';
  if (made?.type !== 'CallExpression' || pathOf(made.callee).at(-1) !== 'create') return '';
  const [entity] = made.arguments as readonly Node[];
  return entity?.type === 'Identifier' && /^[A-Z]/.test(entity.name) ? entity.name : '';
}

/** What a field of such an object is: by what it is made with, or by what is put there later. */
export function fieldOfEntity(
  system: System,
  file: ParsedFile,
  { given, isField }: { readonly given: Node | undefined; readonly isField: (name: string) => boolean },
): Node | undefined {
  const made = madeAs(system, file, given);
  if (!given || (made?.type !== 'NewExpression' && made?.type !== 'CallExpression')) return undefined;
  const told = (made.arguments as readonly Node[]).filter(({ type }) => type === 'ObjectExpression');
  for (const one of told) {
    const name = file
      .all('Property')
      .filter((entry) => contains(one, entry))
      .map(({ key }) => nameOf(key as Node) ?? '')
      .find(isField);
    if (name !== undefined) return property(one, name);
  }
  const held = unwrap(given);
  const [around] = functionsAround(file, given);
  const put = file.all('AssignmentExpression').find(({ left, start }) => {
    const [holder = '', name = '', ...others] = pathOf(left as Node);
    const isHere = start < given.start && functionsAround(file, left as Node)[0] === around;
    return isHere && others.length === 0 && holder === nameOf(held) && isField(name);
  });
  return put?.right;
}
