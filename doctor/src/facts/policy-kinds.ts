import type { Node } from 'oxc-parser';
import type { System } from '../model/system.ts';
import { valueNode } from '../model/texts.ts';
import { returnedBy } from '../model/value-nodes.ts';
import { isFunction, pathOf, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { letsAllThrough, turnsAway } from './open-guards.ts';

/** By their names. */
export const AUTHENTICATION = new RegExp(
  String.raw`auth(?!or)|jwt|jwk(?!s)|passport|guard|token|verify|session|require_?(user|login|role)|protect(?!ed$)|` +
    'identif|clerk|keycloak|oidc|secured|sign(ed)?_?in|log(ged)?_?in(?![ek])',
  'i',
);
export const RATE_LIMIT = /rate_?-?limit|limiter|throttl|slow_?down|quota|bottleneck/i;

/** What only prepares for a check of tokens or sessions, and lets everybody through. */
const NO_GUARD =
  /^(@fastify\/(jwt|auth|cookie|session|secure-session|oauth2|passport)|fastify-jwt|express-session|cookie-session)$/;
const NO_GUARD_NAME = /throttl|rate_?-?limit|initialize$|passport\.session|^session$|cookie|csrf|author(?!i[sz])/i;

/** Whether something that stands before a route asks who it is, or limits. */
export function isOfKind(system: System, place: { file: ParsedFile; node: Node }, kind: RegExp): boolean {
  const guards = guardsOf(place.node);
  if (guards) return guards.some((node) => isOfKind(system, { file: place.file, node }, kind));
  const list = listOf(system, place);
  if (list) return list.some((one) => isOfKind(system, one, kind));
  if (kind === AUTHENTICATION && (isNoGuard(system, place) || letsAllThrough(system, place))) return false;
  const meant = meantBy(system, place);
  if (meant && kind === AUTHENTICATION && letsAllThrough(system, meant)) return false;
  return (
    isNamed(system, place, kind) ||
    (meant !== undefined && isNamed(system, meant, kind)) ||
    (kind === AUTHENTICATION && [place, ...(meant ? [meant] : [])].some((one) => turnsAway(system, one)))
  );
}

/** What `@UseGuards(ThrottlerGuard, JwtGuard)` names, one by one. */
function guardsOf(node: Node): readonly Node[] | undefined {
  const call = node.type === 'Decorator' ? unwrap(node.expression) : undefined;
  return call?.type === 'CallExpression' && pathOf(call.callee).at(-1) === 'UseGuards'
    ? (call.arguments as readonly Node[])
    : undefined;
}

interface Place {
  readonly file: ParsedFile;
  readonly node: Node;
}

/** `use(guards)` and `use(...guards)`, where these are a list. */
function listOf({ program }: System, { file, node: given }: Place): readonly Place[] | undefined {
  const node = given.type === 'SpreadElement' ? given.argument : given;
  const isName = node.type === 'Identifier' || node.type === 'MemberExpression';
  const found = isName ? valueNode(program, file, node) : { file, node };
  if (found?.node.type !== 'ArrayExpression') return undefined;
  return found.node.elements.flatMap((one) => (one ? [{ file: found.file, node: one as Node }] : []));
}

/** What a library makes a middleware of (`createMiddleware(check)`), or what a function of one's own answers with. */
function meantBy({ program }: System, { file, node }: Place): Place | undefined {
  const isName = node.type === 'Identifier' || node.type === 'MemberExpression';
  const found = isName ? valueNode(program, file, node) : { file, node };
  if (found?.node.type !== 'CallExpression') return undefined;
  const { file: home, node: call } = found;
  const origin = program.originOf(home, call.callee as Node);
  if (origin.kind === 'external') {
    const given = (call.arguments as readonly Node[]).find((one) => isFunction(one));
    return given && { file: home, node: given };
  }
  if (origin.kind !== 'functions') return undefined;
  const [maker] = origin.all;
  const answer = maker && returnedBy(maker.file, maker.node).find(({ type }) => type === 'CallExpression');
  return maker && answer && { file: maker.file, node: answer };
}

/** What asks who it is, and goes on with nobody as well. */
const OPTIONAL = new RegExp(
  String.raw`\b(credentialsRequired|authRequired):\s*false\b|\b(passthrough|allow_?anon(ymous)?):\s*true\b|` +
    String.raw`\bmode:\s*['"](try|optional)['"]|authenticate\(\s*\[[^\]]*['"]anonymous['"]`,
);

function isNoGuard({ program }: System, { file, node }: { file: ParsedFile; node: Node }): boolean {
  if (isFunction(node)) return false;
  const isName = node.type === 'Identifier' || node.type === 'MemberExpression';
  const { file: home, node: call } = (isName && valueNode(program, file, node)) || { file, node };
  if (call.type === 'CallExpression' && OPTIONAL.test(home.textOf(call))) return true;
  const inner = node.type === 'CallExpression' || node.type === 'NewExpression' ? (node.callee as Node) : node;
  const origin = program.originOf(file, inner);
  return NO_GUARD_NAME.test(pathOf(inner).join('.')) || (origin.kind === 'external' && NO_GUARD.test(origin.module));
}

/** By its name, or by the library that it comes from, or by the name of what it does. */
function isNamed(system: System, { file, node }: { file: ParsedFile; node: Node }, kind: RegExp): boolean {
  if (isFunction(node)) return kind.test(file.textOf(node).slice(0, 2_000));
  if (node.type === 'ObjectExpression') return false;
  const inner = node.type === 'CallExpression' || node.type === 'NewExpression' ? (node.callee as Node) : node;
  if (kind.test(pathOf(inner).join('.')) || (node.type === 'Decorator' && kind.test(file.textOf(node)))) return true;
  const origin = system.program.originOf(file, inner);
  return origin.kind === 'external' && kind.test(origin.module);
}
