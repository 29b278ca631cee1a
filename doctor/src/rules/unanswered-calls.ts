import type { Node } from 'oxc-parser';
import { type Outbound, outboundCalls } from '../facts/outbound.ts';
import { routesIn } from '../facts/routes.ts';
import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { contains, functionsAround, nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isCaughtHere } from './caught.ts';
import type { Draft } from './rule.ts';

/**
 * Calls by a kit's client that offers a fallback and is asked without one, where nobody answers its error before the
 * client of a route gets it. What a job asks is tried again by that.
 */
export const unansweredCalls = (system: System): Draft[] =>
  outboundCalls(system)
    .filter((call) => call.isGuarded && call.part.kind === 'service' && offersFallback(system, call))
    .filter(({ file, node }) => reachesClient(system, { file, call: node }))
    .map(({ part, file, line }) => ({
      subject: part.name,
      what: `${part.name} answers nothing in place of a call that fails: clients of its route get the error`,
      evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim().slice(0, 160) }],
    }));

const FALLBACK = /fallback/i;

/** Its client has another method, by which one says what is answered instead: `client.withFallback(…)`. */
function offersFallback({ program }: System, { file, node: { callee } }: Outbound): boolean {
  if (callee.type !== 'MemberExpression' || FALLBACK.test(nameOf(callee.property as Node) ?? '')) return false;
  const origin = program.originOf(file, callee.object as Node);
  return 'node' in origin && membersOf(origin.node).some((name) => FALLBACK.test(name));
}

/** The names of what an interface, a class or an object has. */
function membersOf(node: Node): string[] {
  const list =
    node.type === 'ObjectExpression'
      ? node.properties
      : node.type === 'TSInterfaceDeclaration' || node.type === 'ClassDeclaration' || node.type === 'ClassExpression'
        ? node.body.body
        : [];
  return (list as readonly Node[]).flatMap((member) => ('key' in member ? (nameOf(member.key as Node) ?? []) : []));
}

/** Whether an error of a call comes, uncaught, to what answers a request. */
function reachesClient(system: System, { file, call }: CallSite, depth = 0): boolean {
  if (isCaughtHere(file, call)) return false;
  if (isOfRoute(system, file, call)) return true;
  const [around] = functionsAround(file, call);
  if (!around || depth > 5) return false;
  return system.program.callersOf(around).some((site) => reachesClient(system, site, depth + 1));
}

const isOfRoute = (system: System, file: ParsedFile, call: Node): boolean =>
  (routesIn(system).get(file) ?? []).some(({ handler }) => handler && contains(handler, call));
