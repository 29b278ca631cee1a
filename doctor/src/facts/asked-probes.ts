import type { Node } from 'oxc-parser';
import type { Deployment } from '../model/deployment.ts';
import type { Part } from '../model/layout.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { valueNode } from '../model/texts.ts';
import { isFunction, nameOf, pathOf, property, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { userOf } from './breakers.ts';
import type { Route } from './routes.ts';

/** A path that a deployment asks. */
export interface AskedProbe {
  readonly deployment: Deployment;
  readonly kind: 'liveness' | 'readiness';
  readonly path: string;
}

/** What deployments ask and no route answers, of a part whose probes are known. */
export const askedInVain = (system: System, part: Part, routes: readonly Route[]): AskedProbe[] =>
  system.deploymentsOf(part).flatMap((deployment) =>
    (['liveness', 'readiness'] as const).flatMap((kind) => {
      const path = pathIn(deployment.probes[kind]);
      if (!path?.startsWith('/')) return [];
      const prefix = globalPrefix(system, part);
      const isAnswered = routes.some(
        (route) =>
          /[*:{]/.test(route.path) || (prefix === undefined ? path.endsWith(route.path) : path === prefix + route.path),
      );
      return isAnswered || isAnsweredUnseen(system, part, path) ? [] : [{ deployment, kind, path }];
    }),
  );

/** Libraries that answer probes by themselves. */
const ANSWERS_PROBES = /actuator|lightship|terminus$|healthcheck|health-check|cloud-health|prom-bundle/i;

const ANSWERS_ITSELF = /\bcreateServer\(\s*(\{[^}]*\},\s*)?(async\s*)?(function|\(\s*\w+\s*(:[^,)]+)?,)/;

/** By such a library, or by a server of its own beside that of the routes: `createServer((req, res) => … req.url)`. */
const isAnsweredUnseen = (system: System, part: Part, path: string): boolean =>
  system.closureOf(part).some((file) => {
    if (file.imports.some(({ specifier }) => ANSWERS_PROBES.test(specifier) && !specifier.startsWith('@nestjs/')))
      return true;
    const text = file.lines.join('\n');
    return ANSWERS_ITSELF.test(text) && (/\.url\b/.test(text) || text.includes(path));
  });

/** Also of a command: `curl -f http://localhost:3000/readyz`. */
const pathIn = (asked: string | undefined): string | undefined =>
  /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::[^/\s'"]+)?(\/[\w/.-]+)/.exec(asked ?? '')?.[1] ?? asked;

/** Under which path Nest answers all that it answers; nothing where that is not one for all. */
function globalPrefix(system: System, part: Part): string | undefined {
  const calls = system
    .filesOf(part)
    .flatMap((file) => callsIn(file).filter((call) => pathOf(call.callee as Node).at(-1) === 'setGlobalPrefix'));
  const [only] = calls;
  const prefix = calls.length === 1 && only?.arguments.length === 1 ? nameOf(only.arguments[0] as Node) : undefined;
  const isVersioned = system.filesOf(part).some(({ lines }) => /enableVersioning/.test(lines.join('\n')));
  return prefix === undefined || isVersioned ? undefined : `/${prefix.replaceAll(/^\/|\/$/g, '')}`;
}

const CHECKS = /^(checks|health_?checks|readiness_?checks)$/i;

/** Where what readiness asks is handed over, and is nothing. */
export interface NoChecks {
  readonly part: Part;
  readonly file: ParsedFile;
  readonly node: Node;
}

export const emptyChecks = (system: System): NoChecks[] =>
  system.program.files.flatMap((file) =>
    callsIn(file).flatMap((call) =>
      (call.arguments as readonly Node[]).flatMap((given) => {
        const node =
          given.type === 'ObjectExpression'
            ? (emptyIn(given) ?? onlyHandedOn(system, file, given))
            : isEmptyList(system, { file, call }, given)
              ? given
              : undefined;
        const isOwn = system.program.calleesOf({ file, call }).length > 0 || isPlugin(system, { file, call });
        const part = node && isOwn ? userOf(system, file) : undefined;
        return node && part ? [{ part, file, node }] : [];
      }),
    ),
  );

/** `serverOf({ checks: options.checks })`, which are none where nobody gives any, and no service does. */
function onlyHandedOn(system: System, file: ParsedFile, given: Node): Node | undefined {
  if (given.type !== 'ObjectExpression' || system.partOf(file.path)?.kind !== 'library') return undefined;
  const entries = (home: ParsedFile) => home.all('Property').filter((one) => CHECKS.test(nameOf(one.key) ?? ''));
  const handed = given.properties.find(
    (one) => one.type === 'Property' && CHECKS.test(nameOf(one.key) ?? '') && one.value.type === 'MemberExpression',
  );
  const isNone = entries(file).some((one) => {
    const value = unwrap(one.value as Node);
    return value.type === 'ObjectExpression' && value.properties.length === 0;
  });
  const isGiven = system.services.some((part) => system.filesOf(part).some((home) => entries(home).length > 0));
  return handed && isNone && !isGiven ? handed : undefined;
}

/** A service that leaves out what a kit takes as the checks of its readiness: `({ name, checks = {} }) => …`. */
export const missingChecks = (system: System): NoChecks[] =>
  system.services.flatMap((part) =>
    system.filesOf(part).flatMap((file) =>
      callsIn(file)
        .filter((call) => isWithoutChecks(system, { file, call }))
        .map((node) => ({ part, file, node })),
    ),
  );

function isWithoutChecks({ program }: System, { file, call }: CallSite): boolean {
  return program.calleesOf({ file, call }).some(({ node }) =>
    (node.params as readonly Node[]).some((parameter, index) => {
      const pattern = parameter.type === 'AssignmentPattern' ? (parameter.left as Node) : parameter;
      const given = call.arguments[index] as Node | undefined;
      if (pattern.type !== 'ObjectPattern' || given?.type !== 'ObjectExpression') return false;
      const names = pattern.properties.flatMap((one) =>
        one.type === 'Property' && isEmptyDefault(one.value as Node) ? [nameOf(one.key as Node) ?? ''] : [],
      );
      const isWhole = given.properties.every(({ type }) => type === 'Property');
      return isWhole && names.some((name) => CHECKS.test(name) && !property(given, name));
    }),
  );
}

/** `checks = {}` */
const isEmptyDefault = (node: Node): boolean =>
  node.type === 'AssignmentPattern' &&
  ((node.right.type === 'ObjectExpression' && node.right.properties.length === 0) ||
    (node.right.type === 'ArrayExpression' && node.right.elements.length === 0));

/** `healthRouter([])`, where the function calls that its checks. */
function isEmptyList({ program }: System, { file, call }: CallSite, given: Node): boolean {
  if (given.type !== 'ArrayExpression' || given.elements.length > 0) return false;
  const index = (call.arguments as readonly Node[]).indexOf(given);
  return program
    .calleesOf({ file, call })
    .some(({ node }) => CHECKS.test(nameOf((node.params as readonly Node[])[index]) ?? ''));
}

/** `app.register(health, { checks: [] })` */
const isPlugin = ({ program }: System, { file, call }: CallSite): boolean => {
  const [plugin] = call.arguments as readonly Node[];
  return pathOf(call.callee as Node).at(-1) === 'register' && !!plugin && isOfOwn(program, file, plugin);
};

/** A function of this repository, also where a library has wrapped it: `fp(async (app) => …)`. */
function isOfOwn(program: System['program'], file: ParsedFile, plugin: Node): boolean {
  const origin = program.originOf(file, plugin);
  const made = valueNode(program, file, plugin);
  const isWrapped = made?.node.type === 'CallExpression' && isFunction(made.node.arguments[0] as Node | undefined);
  return origin.kind === 'functions' || isWrapped;
}

const DEPENDENCY = /^(db|database|postgres\w*|mysql|mongo\w*|redis|cache|broker|bus|rabbit\w*|kafka|nats|queue)$/i;

/** `checks: { database: async () => true }`: one that bears the name of a dependency, and never asks it. */
const falseIn = (checks: Node): Node | undefined =>
  checks.type !== 'ObjectExpression'
    ? undefined
    : checks.properties.find(
        (entry) =>
          entry.type === 'Property' && DEPENDENCY.test(nameOf(entry.key) ?? '') && isAnswered(entry.value as Node),
      );

/** Without asking anybody: `() => true`, `async () => {}`, `() => Promise.resolve()`. */
function isAnswered(given: Node): boolean {
  if (!isFunction(given) || !given.body) return false;
  const { body } = given;
  if (body.type === 'BlockStatement') return body.body.length === 0;
  const isResolved = body.type === 'CallExpression' && pathOf(body.callee).join('.') === 'Promise.resolve';
  return isResolved || (body.type as string) === 'Literal' || nameOf(body as Node) === 'undefined';
}

const emptyIn = (given: Extract<Node, { type: 'ObjectExpression' }>): Node | undefined =>
  given.properties
    .flatMap((entry) =>
      entry.type === 'Property' && CHECKS.test(nameOf(entry.key) ?? '') ? (falseIn(entry.value as Node) ?? []) : [],
    )
    .at(0) ??
  given.properties.find(
    (entry) =>
      entry.type === 'Property' &&
      CHECKS.test(nameOf(entry.key) ?? '') &&
      ((entry.value.type === 'ObjectExpression' && entry.value.properties.length === 0) ||
        (entry.value.type === 'ArrayExpression' && entry.value.elements.length === 0)),
  ) ??
  given.properties.find(
    (entry) => entry.type === 'Property' && READY.test(nameOf(entry.key) ?? '') && isAlways(entry.value as Node),
  );

const READY = /^(is_?)?(ready|readiness)(_?(check|probe))?$/i;

/** `() => true` */
const isAlways = (given: Node): boolean =>
  isFunction(given) && given.body?.type === 'Literal' && (given.body as { value?: unknown }).value === true;
