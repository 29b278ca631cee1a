import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { dataOf, textOf, type Value } from '../model/texts.ts';
import { type AnyFunction, isFunction, nameOf, type ObjectLiteral, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** A service of Moleculer as its schema tells it. */
export interface Schema {
  readonly part: Part;
  readonly file: ParsedFile;
  readonly node: ObjectLiteral;
  readonly name: string;
}

const SECTIONS = ['actions', 'events', 'methods', 'mixins', 'settings', 'dependencies'];

/** The schemas of all parts: what a file exports, or what `broker.createService` is given. */
export const schemas = perSystem((system: System): readonly Schema[] =>
  [...system.services, ...system.gateways]
    .filter(({ dependencies }) => dependencies.has('moleculer'))
    .flatMap((part) =>
      system.filesOf(part).flatMap((file) =>
        file.all('ObjectExpression').flatMap((node): Schema[] => {
          const name = property(node, 'name');
          if (!name || !SECTIONS.some((one) => property(node, one)) || !isServed(file, node)) return [];
          return [{ part, file, node, name: textOf(system.program, file, name) }];
        }),
      ),
    ),
);

/** What is nested in a schema, such as an action with a name, is none. */
function isServed(file: ParsedFile, node: Node): boolean {
  const holder = file.parentOf(node);
  return !(holder?.type === 'Property' || holder?.type === 'ArrayExpression');
}

const ASKED_OF = /^(ctx|context|broker|c)$/;

/** `ctx.call('users.get', …)`: the action that is asked. */
export function actionOf(system: System, { file, call }: CallSite): string | undefined {
  const path = pathOf(call.callee as Node);
  if (path.at(-1) !== 'call' || !ASKED_OF.test(path.at(-2) ?? '') || !hasSchema(system, file)) return undefined;
  const [action] = call.arguments as readonly Node[];
  const text = action ? textOf(system.program, file, action) : '';
  return text.includes('.') && !text.startsWith('$') ? text : undefined;
}

const hasSchema = (system: System, file: ParsedFile): boolean => {
  const part = system.partOf(file.path);
  return schemas(system).some((one) => one.file === file || (part !== undefined && one.part === part));
};

/** The part whose service has an action: `users.get`, `v2.users.get`. */
export const partOfAction = (system: System, action: string): Part | undefined => {
  const name = action
    .replace(/^v\d+\./, '')
    .split('.')
    .slice(0, -1)
    .join('.');
  return schemas(system).find((one) => one.name === name)?.part;
};

/** `ctx.emit('order.placed', …)` and `broker.broadcast(…)`: the event that is told. */
export function eventOf(system: System, { file, call }: CallSite): Node | undefined {
  const path = pathOf(call.callee as Node);
  const isTold = /^(emit|broadcast)$/.test(path.at(-1)!) && ASKED_OF.test(path.at(-2) ?? '');
  return isTold && hasSchema(system, file) ? (call.arguments[0] as Node | undefined) : undefined;
}

/** What a service hears, and what it does then. */
export const heardBy = (schema: Schema): { topic: string; node: Node; handler: AnyFunction | undefined }[] => {
  const events = property(schema.node, 'events');
  if (events?.type !== 'ObjectExpression') return [];
  return events.properties.flatMap((entry) => {
    const topic = entry.type === 'Property' ? nameOf(entry.key as Node) : undefined;
    if (entry.type !== 'Property' || topic === undefined || topic.startsWith('$')) return [];
    const given = isFunction(entry.value as Node) ? entry.value : property(entry.value as Node, 'handler');
    const handler = isFunction(given as Node | undefined) ? (given as AnyFunction) : undefined;
    return [{ topic: topic.replaceAll('**', '#'), node: entry as Node, handler }];
  });
};

/** What the broker is told: in `moleculer.config.js`, and where one is made. */
export const brokerOptions = perSystem((system: System): { readonly [key: string]: Value } => {
  const told = system.program.files.flatMap((file) => {
    const made = callsIn(file).flatMap((call) =>
      pathOf(call.callee as Node).at(-1) === 'ServiceBroker' ? ((call.arguments[0] as Node | undefined) ?? []) : [],
    );
    const isConfig = /(^|\/)moleculer\.config\.[cm]?[jt]s$/.test(file.path);
    return [...made, ...(isConfig ? exportedObjects(file) : [])].map((node) => dataOf(system.program, file, node));
  });
  const known = told.filter((one) => typeof one === 'object' && one !== null && !Array.isArray(one));
  return Object.assign({}, ...known);
});

function exportedObjects(file: ParsedFile): Node[] {
  const exported = file.all('ExportDefaultDeclaration').map(({ declaration }) => declaration as Node);
  const assigned = file
    .all('AssignmentExpression')
    .filter(({ left }) => file.textOf(left as Node) === 'module.exports')
    .map(({ right }) => right as Node);
  return [...exported, ...assigned];
}

/** Whether an option of the broker is on: `true`, or `{ enabled: true }`. */
export function isOn(system: System, name: string): boolean {
  const value = brokerOptions(system)[name];
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value['enabled'] !== false;
  return value === true;
}

/** Moleculer waits as long as it is not told otherwise: by `requestTimeout`, or by the call itself. */
export function waitsForEver(system: System, { client, node }: { client: string; node: CallSite['call'] }): boolean {
  if (client !== 'moleculer') return false;
  const timeout = Number(brokerOptions(system)['requestTimeout'] ?? 0);
  return timeout === 0 && property(node.arguments[2] as Node | undefined, 'timeout') === undefined;
}

/** A collection that a service makes for itself when it starts, and fills as it runs: `this.carts.set(…)`. */
export const keptBySchemas = (system: System, file: ParsedFile): { node: Node; name: string }[] =>
  schemas(system)
    .filter((schema) => schema.file === file)
    .flatMap(() =>
      file.all('AssignmentExpression').flatMap((made) => {
        const name = /^this\.(\w+)$/.exec(file.textOf(made.left as Node))?.[1];
        if (name === undefined || !/^(new (Map|Set)\b|\{\}|\[\])/.test(file.textOf(made.right))) return [];
        const fills = new RegExp(String.raw`this\.${name}(\.(set|add|push|unshift)\(|\[[^\]]+\]\s*=[^=])`);
        return fills.test(file.lines.join('\n')) ? [{ node: made as Node, name }] : [];
      }),
    );
