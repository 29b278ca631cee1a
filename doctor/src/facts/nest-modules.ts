import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { Origin } from '../model/origin.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { returnedBy } from '../model/value-nodes.ts';
import { type AnyClass, decoratorsOf, isFunction, nameOf, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** What Nest wires of a part: the modules that its root module leads to, and what these list. */
interface Wired {
  readonly classes: ReadonlySet<Node>;
  /** Nothing can be said where a module is not found, or is put together when it runs. */
  readonly isKnown: boolean;
}

/** Whether a file only has controllers that no module of the part leads to: Nest never answers by them. */
export function isLeftOut(system: System, part: Part, file: ParsedFile): boolean {
  const controllers = file
    .all('ClassDeclaration')
    .filter((node) => decoratorsOf(node).some(({ name }) => name === 'Controller'));
  return controllers.length > 0 && controllers.every((node) => isUnlisted(system, part, node));
}

/** Whether no module that Nest starts with lists a class, as a controller or as a provider. */
export function isUnlisted(system: System, part: Part, node: AnyClass): boolean {
  const { classes, isKnown } = wiredIn(system, part);
  return isKnown && !classes.has(node);
}

const wiredByPart = perSystem((): Map<Part, Wired> => new Map());

function wiredIn(system: System, part: Part): Wired {
  const known = wiredByPart(system);
  const found = known.get(part) ?? follow(system, part);
  known.set(part, found);
  return found;
}

interface ModuleAt {
  readonly file: ParsedFile;
  readonly node: AnyClass;
  /** What a module is put together of when it runs, beside what its decorator says. */
  readonly made?: readonly Node[];
}

/** The module that the application is made of; else every module that the part itself declares. */
function rootsOf(system: System, part: Part): ModuleAt[] {
  const made = system.filesOf(part).flatMap((file) =>
    callsIn(file).flatMap((call) => {
      const [name, holder] = pathOf(call.callee as Node).toReversed();
      const isMaking = holder === 'NestFactory' && /^create(Microservice|ApplicationContext)?$/.test(name ?? '');
      return isMaking ? [{ file, given: call.arguments[0] as Node | undefined }] : [];
    }),
  );
  const roots = made.map(({ file, given }) => (given ? moduleAt(system, file, given) : 'unknown'));
  if (roots.length > 0 && roots.every((one): one is ModuleAt => typeof one === 'object')) return roots;
  return system
    .filesOf(part)
    .flatMap((file) => file.all('ClassDeclaration').map((node) => ({ file, node })))
    .filter(({ node }) => moduleOf(node) !== undefined);
}

function follow(system: System, part: Part): Wired {
  const seen = new Set<Node>();
  const classes = new Set<Node>();
  const todo = rootsOf(system, part);
  let isKnown = todo.length > 0;
  for (let next = todo.pop(); next; next = todo.pop()) {
    const { file, node, made = [] } = next;
    const [options, ...others] = [...made, moduleOf(node)].filter((one) => one !== undefined && !seen.has(one));
    if (!options) continue;
    seen.add(options);
    todo.push(...(others.length > 0 ? [{ file, node, made }] : []));
    const listed = ['controllers', 'providers'].map((list) => elementsOf(property(options, list)));
    if (listed.includes(undefined)) isKnown = false;
    for (const one of listed.flatMap((all) => all ?? [])) {
      const origin = system.program.originOf(file, property(one, 'useClass') ?? one);
      if (origin.kind === 'class') classes.add(origin.node);
      else if (one.type !== 'ObjectExpression' && origin.kind !== 'external') isKnown = false;
    }
    const imported = elementsOf(property(options, 'imports'));
    if (!imported || options.type !== 'ObjectExpression') isKnown = false;
    for (const one of imported ?? []) {
      const found = moduleAt(system, file, one);
      if (found === 'unknown') isKnown = false;
      else if (found) todo.push(found);
    }
  }
  return { classes, isKnown };
}

const moduleOf = (node: AnyClass): Node | undefined =>
  decoratorsOf(node).find(({ name }) => name === 'Module')?.args[0];

/** What a list names one by one; nothing where it is put together. */
function elementsOf(list: Node | undefined): Node[] | undefined {
  if (list === undefined) return [];
  const all = list.type === 'ArrayExpression' ? (list.elements as readonly (Node | null)[]) : [null];
  return all.every((one) => one && one.type !== 'SpreadElement') ? (all as Node[]) : undefined;
}

/** `HealthModule`, and `DatabaseModule.forFeature([…])`. */
function moduleAt({ program }: System, file: ParsedFile, given: Node): ModuleAt | 'unknown' | undefined {
  const named = given.type === 'CallExpression' ? (given.callee as Node) : given;
  if (given.type === 'CallExpression' && pathOf(named).at(-1) === 'forwardRef') {
    const later = given.arguments[0] as Node | undefined;
    const body = later && isFunction(later) ? (later.body as Node | null) : undefined;
    return body?.type === 'Identifier' ? moduleAt({ program } as System, file, body) : 'unknown';
  }
  if (named.type !== 'Identifier' && named.type !== 'MemberExpression') return 'unknown';
  const holder = named.type === 'MemberExpression' ? (named.object as Node) : named;
  const origin = program.originOf(file, holder);
  if (origin.kind === 'class') {
    // A module that is put together when it runs may name what it lists there.
    const isOpen = given.type === 'CallExpression' && LISTS.test(origin.file.textOf(origin.node.body));
    const made = isOpen ? madeBy(origin, nameOf((named as { property?: Node }).property)) : [];
    return made === undefined ? 'unknown' : { file: origin.file, node: origin.node, made };
  }
  if (origin.kind === 'functions' && given.type === 'CallExpression')
    return madeByLibrary({ program } as System, origin);
  return origin.kind === 'external' && nameOf(holder) !== undefined ? undefined : 'unknown';
}

/** `database([Order])`, which answers with `TypeOrmModule.forRootAsync(…)`: no module of this repository. */
const madeByLibrary = ({ program }: System, { all }: Extract<Origin, { kind: 'functions' }>): 'unknown' | undefined => {
  const answers = all.flatMap(({ file, node }) => returnedBy(file, node).map((answer) => ({ file, answer })));
  const isOfLibrary = answers.every(
    ({ file, answer }) =>
      answer.type === 'CallExpression' && program.originOf(file, answer.callee as Node).kind === 'external',
  );
  return answers.length > 0 && isOfLibrary ? undefined : 'unknown';
};

/** What `MessagingModule.register(…)` answers with, where that stands there: `{ module, imports, providers }`. */
function madeBy({ file, node }: ModuleAt, method: string | undefined): readonly Node[] | undefined {
  const maker = (node.body.body as readonly Node[]).find(
    (member) => member.type === 'MethodDefinition' && member.static && nameOf(member.key as Node) === method,
  );
  const answers = maker?.type === 'MethodDefinition' ? returnedBy(file, maker.value) : [];
  return answers.length > 0 && answers.every(({ type }) => type === 'ObjectExpression') ? answers : undefined;
}

const LISTS = /\b(controllers|providers|imports)\b/;
