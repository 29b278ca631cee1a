import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { perSystem, type System } from '../model/system.ts';
import { type AnyClass, decoratorsOf, nameOf, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** What Nest wires of a part: the modules that its root module leads to, and their controllers. */
interface Wired {
  readonly controllers: ReadonlySet<Node>;
  /** Nothing can be said where a module is not found, or is put together when it runs. */
  readonly isKnown: boolean;
}

/** Whether a file only has controllers that no module of the part leads to: Nest never answers by them. */
export function isLeftOut(system: System, part: Part, file: ParsedFile): boolean {
  const controllers = file
    .all('ClassDeclaration')
    .filter((node) => decoratorsOf(node).some(({ name }) => name === 'Controller'));
  if (controllers.length === 0 || system.partOf(file.path) === part) return false;
  const { controllers: wired, isKnown } = wiredIn(system, part);
  return isKnown && controllers.every((node) => !wired.has(node));
}

const wiredByPart = perSystem((): Map<Part, Wired> => new Map());

function wiredIn(system: System, part: Part): Wired {
  const known = wiredByPart(system);
  const found = known.get(part) ?? follow(system, part);
  known.set(part, found);
  return found;
}

/** From every module that the part itself declares. */
function follow(system: System, part: Part): Wired {
  const seen = new Set<Node>();
  const controllers = new Set<Node>();
  const open = system.filesOf(part).flatMap((file) => file.all('ClassDeclaration').map((node) => ({ file, node })));
  const roots = open.filter(({ node }) => moduleOf(node) !== undefined);
  let isKnown = roots.length > 0;
  const todo = [...roots];
  for (let next = todo.pop(); next; next = todo.pop()) {
    const { file, node } = next;
    const options = moduleOf(node);
    if (seen.has(node) || !options) continue;
    seen.add(node);
    for (const one of elementsOf(property(options, 'controllers'))) {
      const origin = system.program.originOf(file, one);
      if (origin.kind === 'class') controllers.add(origin.node);
    }
    for (const one of elementsOf(property(options, 'imports'))) {
      const found = moduleAt(system, file, one);
      if (found === 'unknown') isKnown = false;
      else if (found) todo.push(found);
    }
  }
  return { controllers, isKnown };
}

const moduleOf = (node: AnyClass): Node | undefined =>
  decoratorsOf(node).find(({ name }) => name === 'Module')?.args[0];

const elementsOf = (list: Node | undefined): Node[] =>
  list?.type === 'ArrayExpression' ? (list.elements as readonly (Node | null)[]).filter((one) => one !== null) : [];

/** `HealthModule`, and `DatabaseModule.forFeature([…])`. */
function moduleAt(
  { program }: System,
  file: ParsedFile,
  given: Node,
): { file: ParsedFile; node: AnyClass } | 'unknown' | undefined {
  const named = given.type === 'CallExpression' ? given.callee : given;
  if (named.type === 'CallExpression' && pathOf(named).at(-1) === 'forwardRef') return 'unknown';
  const holder = named.type === 'MemberExpression' ? named.object : named;
  const origin = program.originOf(file, holder as Node);
  if (origin.kind === 'class') {
    // A module that is put together when it runs may name its controllers there.
    const isOpen = given.type === 'CallExpression' && /\bcontrollers\b/.test(origin.file.textOf(origin.node.body));
    return isOpen ? 'unknown' : { file: origin.file, node: origin.node };
  }
  return origin.kind === 'external' && nameOf(holder as Node) !== undefined ? undefined : 'unknown';
}
