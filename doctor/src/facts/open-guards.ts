import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyClass, contains, functionsAround, isFunction, nameOf, pathOf, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

const REFUSES =
  /\b40[13]\b|unauthor|forbidden|\bthrow\b|reject\(|verif|authenticat|introspect|redirect|false|passport|jwks|super\./i;
/** What tells who somebody says to be, and never whether it is true. */
const DECODES = /\b(jwt|jose|jsonwebtoken)\w*\.decode\(|\bdecodeJwt\(|\bjwtDecode\(|\bjwt_decode\(/i;
const VERIFIES = /verify|introspect|jwks|authenticate\(|jwtVerify|validate/i;
/** What a guard does with whom it does not know. */
const ANY_REFUSAL = /\b40[13]\b|unauthor|forbidden|\bthrow\b|reject\(|redirect|next\((?!\))|return false/i;
/** A check that hands over its error, so that it refuses nobody by itself. */
const IGNORES = /verify\([^;]*?(\(\s*err?\w*\b[^)]*\)\s*=>|function\s*\w*\(\s*err?\w*\b)/;
const HARMLESS = new RegExp(
  '^(next|done|callback|log|info|debug|warn|trace|get|set|header|split|replace|slice|trim|startsWith|' +
    'getRequest|switchToHttp|error|includes|some|every|match|test|header|createMiddleware)$',
);

/** A guard of this repository that lets everybody through, or believes a token without checking its signature. */
export function letsAllThrough(system: System, { file, node }: { file: ParsedFile; node: Node }): boolean {
  const expression = node.type === 'Decorator' ? unwrap(node.expression) : node;
  if (node.type === 'Decorator' && expression.type === 'CallExpression') {
    const guards = expression.arguments as readonly Node[];
    return guards.length > 0 && guards.every((one) => letsAllThrough(system, { file, node: one }));
  }
  const { program } = system;
  const isCall = expression.type === 'CallExpression' || expression.type === 'NewExpression';
  const decorated = decoratedBy(system, isCall ? (expression.callee as Node) : expression);
  if (decorated) {
    const text = decorated.file.textOf(decorated.node);
    return isOpen([isHook(text) ? `${text}; done()` : text], []) || forgives(decorated.file, decorated.node);
  }
  const origin = program.originOf(file, isCall ? (expression.callee as Node) : expression);
  if (origin.kind === 'class' || origin.kind === 'instance')
    return (
      isOpen([origin.file.textOf(origin.node)], []) ||
      forgives(origin.file, origin.node) ||
      shrugsOff(origin.file, origin.node) ||
      letsStrangersIn(origin.file, origin.node) ||
      onlyDecodes(system, origin.file, origin.node) ||
      forgetsWhatIsAbove(system, origin.file, origin.node) ||
      takesAnybody(origin.file, origin.node)
    );
  if (origin.kind !== 'functions') return false;
  if (
    origin.all.every((one) => forgives(one.file, one.node) || ignoresError(one) || letsStrangersIn(one.file, one.node))
  )
    return true;
  const calls = origin.all.flatMap((one) => program.callsReachedFrom(one, 3));
  const inner = [...origin.all, ...calls.flatMap((site) => program.calleesOf(site))];
  const names = calls.map(({ call }) => pathOf(call.callee as Node).at(-1)!);
  return isOpen(
    inner.map((one) => one.file.textOf(one.node).replace(OWN_NAME, '$1')),
    names,
  );
}

/** The name that a function gives itself says nothing of what it does. */
const OWN_NAME = /^((?:async\s+)?function\b\s*\*?)\s*\w+/;

/** Who is answered already is not let pass: `reply.send(error)`. */
const ANSWERS = /\b(reply|res|response)\s*\.[^;]*\b(send|json|end)\(/;

/** A check whose failure it catches, and after which it lets pass all the same. */
const forgives = (file: ParsedFile, guard: Node): boolean =>
  forgivesByPromise(file, guard) || forgivesByTry(file, guard);

/** `await request.jwtVerify().catch(() => { … })`, where nobody looks at what comes of it. */
const forgivesByPromise = (file: ParsedFile, guard: Node): boolean =>
  callsIn(file).some((call) => {
    const [handler] = call.arguments as readonly Node[];
    const { callee } = call;
    if (!contains(guard, call) || callee.type !== 'MemberExpression' || nameOf(callee.property as Node) !== 'catch')
      return false;
    const outer = file.parentOf(call);
    const isUnused = (outer?.type === 'AwaitExpression' ? file.parentOf(outer) : outer)?.type === 'ExpressionStatement';
    const isCheck = VERIFIES.test(file.textOf(callee.object as Node));
    const [around] = functionsAround(file, call);
    const text = handler && isFunction(handler) ? file.textOf(handler) : undefined;
    // `if (!request.user) return reply.code(401).send()` looks at what has come of it.
    const rest = around ? file.textOf(around).slice(call.end - around.start) : '';
    const isSeenLater = /\b401\b|unauthor|\bthrow\b|return false/i.test(rest) && !/[^=!<>]=[^=>]/.test(text ?? '');
    return isUnused && isCheck && text !== undefined && !refusesIn(text) && !isSeenLater;
  });

const refusesIn = (text: string): boolean => ANY_REFUSAL.test(text) || ANSWERS.test(text);

const forgivesByTry = (file: ParsedFile, guard: Node): boolean =>
  file.all('TryStatement').some(({ block, handler, start, end }) => {
    if (!handler || start < guard.start || end > guard.end || !VERIFIES.test(file.textOf(block))) return false;
    const body = file.textOf(handler.body);
    if (/\bnext\(\)/.test(body) && !ANY_REFUSAL.test(body)) return true;
    if (/\breturn\b/.test(body) || ANY_REFUSAL.test(body) || ANSWERS.test(body)) return false;
    const [around] = functionsAround(file, block);
    const rest = around ? file.textOf(around).slice(end - around.start) : '';
    const isHook =
      around?.async && nameOf(around.params[0] as Node | undefined)?.startsWith('req') && !/\bnext\b/.test(rest);
    return (/\bnext\(\)|return true/.test(rest) || isHook) && !ANY_REFUSAL.test(rest);
  });

/** A check that reads who a token says to be, and never whether that is true; whoever forges one is believed. */
export function believesTokens(system: System, { file, node }: { file: ParsedFile; node: Node }): boolean {
  const isCall = node.type === 'CallExpression' || node.type === 'NewExpression';
  const origin = system.program.originOf(file, isCall ? (node.callee as Node) : node);
  const all = origin.kind === 'functions' ? origin.all : origin.kind === 'class' ? [origin] : [];
  return all.some((one) => {
    const text = one.file.textOf(one.node);
    return DECODES.test(text) && !VERIFIES.test(text);
  });
}

/** `await verify(token).catch(() => undefined)`, after which everybody goes on. */
const shrugsOff = (file: ParsedFile, guard: Node): boolean =>
  callsIn(file).some((call) => {
    const { callee } = call;
    const [handler] = call.arguments as readonly Node[];
    if (!contains(guard, call) || callee.type !== 'MemberExpression' || nameOf(callee.property) !== 'catch')
      return false;
    if (!handler || !isFunction(handler) || !VERIFIES.test(file.textOf(callee.object))) return false;
    const [around] = functionsAround(file, call);
    const rest = around ? file.textOf(around).slice(call.end - around.start) : '';
    return !ANY_REFUSAL.test(file.textOf(handler)) && !ANY_REFUSAL.test(rest) && /return true|next\(\)/.test(rest);
  });

/** `decode(token)` of a library that could have verified it as well. */
const onlyDecodes = ({ program }: System, file: ParsedFile, guard: Node): boolean =>
  !VERIFIES.test(file.textOf(guard)) &&
  callsIn(file).some((call) => {
    if (!contains(guard, call)) return false;
    const origin = program.originOf(file, call.callee as Node);
    return origin.kind === 'external' && TOKENS.test(origin.module) && /decode$/i.test(origin.path.at(-1) ?? '');
  });

const TOKENS = /^(jsonwebtoken|jose|fast-jwt|@nestjs\/jwt)$/;
const CREDENTIALS = /(token|header|authori[sz]ation|bearer|credentials?|cookie|jwt)$/i;

/** `if (!token) return true;`: who shows nothing is not asked further. */
const letsStrangersIn = (file: ParsedFile, guard: Node): boolean =>
  file.all('IfStatement').some(({ test, consequent, start, end }) => {
    const isInside = guard.start <= start && end <= guard.end;
    return (
      isInside &&
      eitherOf(test).some(isNotShown) &&
      /^\{?\s*return (true|next\(\));?\s*\}?$/.test(file.textOf(consequent as Node))
    );
  });

/** `scheme !== 'Bearer' || !token` */
const eitherOf = (test: Node): readonly Node[] =>
  test.type === 'LogicalExpression' && test.operator === '||'
    ? [...eitherOf(unwrap(test.left)), ...eitherOf(unwrap(test.right))]
    : [test];

function isNotShown(test: Node): boolean {
  if (test.type !== 'UnaryExpression' || test.operator !== '!') return false;
  const asked = unwrap(test.argument);
  return /^(Identifier|MemberExpression)$/.test(asked.type) && CREDENTIALS.test(pathOf(asked).at(-1)!);
}

/** `verify(token, key, (error, user) => { … next(); })`, where nobody looks at the error or at what was found. */
const ignoresError = ({ file, node }: FunctionAt): boolean =>
  callsIn(file).some((call) => {
    const callback = (call.arguments as readonly Node[]).at(-1);
    if (!contains(node, call) || !/^verify/.test(pathOf(call.callee as Node).at(-1)!) || !isFunction(callback))
      return false;
    const [error] = callback.params as readonly Node[];
    const name = nameOf(error);
    if (name === undefined || !callback.body || !/\bnext\(\)/.test(file.textOf(callback.body as Node))) return false;
    const body = file.textOf(callback.body as Node);
    return !new RegExp(`\\b${name}\\b`).test(body) && !/\bif\b|\?|&&/.test(body);
  });

/** `super.canActivate(context); return true;`: nobody waits for what the guard above finds. */
const forgetsWhatIsAbove = (system: System, file: ParsedFile, guard: AnyClass): boolean =>
  !throwsAbove(system, file, guard) &&
  file
    .all('ExpressionStatement')
    .some(
      ({ expression, start, end }) =>
        guard.start <= start &&
        end <= guard.end &&
        expression.type === 'CallExpression' &&
        file.textOf(expression.callee as Node) === 'super.canActivate',
    );

/** A guard of this repository above it that throws at once: there is nothing to wait for. */
function throwsAbove({ program }: System, file: ParsedFile, { superClass }: AnyClass): boolean {
  const above = superClass ? program.originOf(file, superClass as Node) : undefined;
  return (
    above?.kind === 'class' &&
    (above.node.body.body as readonly Node[]).some(
      (member) =>
        member.type === 'MethodDefinition' &&
        nameOf(member.key as Node) === 'canActivate' &&
        !member.value.async &&
        /\bthrow\b/.test(above.file.textOf(member)),
    )
  );
}

/** A guard of Nest's passport whose `handleRequest` refuses nobody whom the strategy has refused. */
const takesAnybody = (file: ParsedFile, guard: AnyClass): boolean =>
  (guard.body.body as readonly Node[]).some(
    (member) =>
      member.type === 'MethodDefinition' &&
      nameOf(member.key as Node) === 'handleRequest' &&
      !/\bthrow\b|super\.handleRequest|Exception\(/.test(file.textOf(member)),
  );

/** A hook of Fastify that is waited for passes a request on when it ends: it calls nobody. */
const isHook = (text: string): boolean =>
  /\basync\s*(function\s*\w*)?\(\s*_?req\w*/.test(text) && !/\bdone\b/.test(text);

/** What Fastify's `app.decorate('authenticate', check)` hangs under that name. */
function decoratedBy({ program }: System, node: Node): FunctionAt | undefined {
  if (node.type !== 'MemberExpression') return undefined;
  const name = nameOf(node.property as Node);
  for (const file of program.files) {
    for (const call of callsIn(file)) {
      const [given, check] = call.arguments as readonly Node[];
      if (pathOf(call.callee as Node).at(-1) !== 'decorate' || !check || nameOf(given) !== name) continue;
      return isFunction(check) ? { file, node: check } : undefined;
    }
  }
  return undefined;
}

/** A middleware of this repository that turns away whom it does not know, whatever its name is. */
export function turnsAway({ program }: System, { file, node }: { file: ParsedFile; node: Node }): boolean {
  if (!isFunction(node) && !/^(Identifier|MemberExpression|CallExpression)$/.test(node.type)) return false;
  const origin = program.originOf(file, node.type === 'CallExpression' ? (node.callee as Node) : node);
  return (
    origin.kind === 'functions' &&
    origin.all.some((one) => /\b401\b|unauthori[sz]ed/i.test(one.file.textOf(one.node).slice(0, 4_000)))
  );
}

/** What is only written down refuses nobody. */
const LOGS = /\b(console|log|logger|this\.log|this\.logger|req\.log|request\.log)\.\w+\([^()]*\)/g;

function isOpen(texts: readonly string[], names: readonly string[]): boolean {
  const text = texts.join('\n').replaceAll(LOGS, '');
  if (/\bcatch\b[^{]*\{[^}]*\bnext\(\)/.test(text) && !ANY_REFUSAL.test(text)) return true;
  if (IGNORES.test(text) && !ANY_REFUSAL.test(text)) return true;
  if (DECODES.test(text)) return !VERIFIES.test(text);
  const passes = /\b(next|done)\(\)|return true|=> true/.test(text);
  return passes && !REFUSES.test(text) && names.every((name) => HARMLESS.test(name));
}
