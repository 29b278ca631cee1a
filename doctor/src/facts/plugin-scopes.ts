import { dirname } from 'node:path/posix';
import type { Node } from 'oxc-parser';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyCall, type AnyFunction, contains, functionsAround, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Asked } from './before-routes.ts';
import { importedFile } from './routes.ts';

/** Whether a hook of Fastify stands before a route: in the same plugin, in one around it, or in one that is for all. */
export function isHookOf(system: System, { file, line, of }: Asked, hook: AnyCall): boolean {
  const scope = scopeOf(system, file, hook);
  if (!scope || isForAll(file)) return true;
  if (/(^|\/)autohooks\.[cm]?[jt]s$/.test(file.path) && of?.path.startsWith(`${dirname(file.path)}/`)) return true;
  if (of) return registers(system, { file, node: scope }, of);
  return line === undefined || isWithin(file, scope, line);
}

/** The plugin whose own server a hook is added to; nothing where that is the server of all. */
function scopeOf({ program }: System, file: ParsedFile, hook: AnyCall): AnyFunction | undefined {
  const receiver = pathOf(hook.callee as Node)[0];
  const scope = functionsAround(file, hook).find((one) => nameOf(one.params[0] as Node | undefined) === receiver);
  // What is called with the server as it is adds to that.
  const isCalled =
    scope && program.callersOf(scope).some(({ call }) => pathOf(call.callee as Node).at(-1) !== 'register');
  return isCalled ? undefined : scope;
}

/** A plugin of this repository that keeps to itself what it adds: its hooks are looked at one by one. */
export function isClosed({ program }: System, file: ParsedFile, plugin: Node | undefined): boolean {
  const origin = plugin && program.originOf(file, plugin);
  return origin?.kind === 'functions' && origin.all.every((one) => !isForAll(one.file));
}

/** A plugin that breaks out of its scope. */
const isForAll = (file: ParsedFile): boolean =>
  file.imports.some(({ specifier }) => specifier === 'fastify-plugin') ||
  file.lines.some((text) => text.includes('skip-override'));

const isWithin = (file: ParsedFile, scope: Node, line: number): boolean =>
  file.lineAt(scope.start) <= line && line <= file.lineAt(scope.end);

interface Scope {
  readonly file: ParsedFile;
  readonly node: Node;
  readonly depth?: number;
}

/** Whether a plugin registers the routes of a file, itself or through others. */
function registers(system: System, { file, node, depth = 0 }: Scope, of: ParsedFile): boolean {
  const calls = callsIn(file).filter(
    (call) => contains(node, call) && /^(register|route)$/.test(pathOf(call.callee as Node).at(-1)!),
  );
  return calls.some((call) =>
    (call.arguments as readonly Node[]).slice(0, 1).some((given) => {
      const origin = system.program.originOf(file, given);
      if (origin.kind === 'external') return /autoload/.test(origin.module);
      const home = (origin.kind === 'functions' ? origin.all[0]?.file : undefined) ?? importedFile(system, file, given);
      if (!home || home === file) return false;
      return home === of || (depth < 4 && registers(system, { file: home, node: home.program, depth: depth + 1 }, of));
    }),
  );
}
