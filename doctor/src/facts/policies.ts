import type { Node } from 'oxc-parser';
import { type CallSite, callsIn, type Program } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { textOf, valueNode } from '../model/texts.ts';
import { returnedBy } from '../model/value-nodes.ts';
import {
  type AnyCall,
  type AnyFunction,
  contains,
  functionsAround,
  isFunction,
  nameOf,
  pathOf,
  property,
  unwrap,
} from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** What a policy does that is put together of several. */
export interface Policy {
  readonly hasBreaker: boolean;
  readonly hasFallback: boolean;
  /** `asked`: what runs is asked to end by its signal, and waited for until it does. */
  readonly timeout: 'none' | 'asked' | 'left';
}

const NOTHING: Policy = { hasBreaker: false, hasFallback: false, timeout: 'none' };
const COMPOSES = /^(compose|wrap|pipe|combine|chain)$/;
const PIECES: readonly (readonly [RegExp, Partial<Policy>])[] = [
  [/^(circuit_?breaker|(create|make)\w*breaker)$/i, { hasBreaker: true }],
  [/^fallback$/i, { hasFallback: true }],
  [/^(retry|bulkhead|noop|usePolicy|rate_?limit\w*|handle(All|Type|When\w*))$/i, {}],
];

interface Place {
  readonly file: ParsedFile;
  readonly node: Node;
  /** How many names have been followed. */
  readonly depth?: number;
}

/** What a policy is made of, as far as all of it is known. */
export function policyAt(program: Program, { file, node: given, depth = 0 }: Place): Policy | undefined {
  const node = unwrap(given);
  if (depth > 6) return undefined;
  const isPart = node.type === 'MemberExpression' && node.object.type !== 'ThisExpression';
  if (isPart && nameOf(node.property as Node) === 'policy')
    return policyAt(program, { file, node: node.object, depth: depth + 1 });
  if (node.type === 'MemberExpression' && node.computed && node.property.type !== 'Literal')
    return anyOf(program, { file, node: node.object, depth: depth + 1 });
  if (node.type === 'Identifier' || node.type === 'MemberExpression') {
    const found = valueNode(program, file, node);
    const isCall = found?.node.type === 'CallExpression' || found?.node.type === 'NewExpression';
    const policy = found && isCall ? policyAt(program, { ...found, depth: depth + 1 }) : undefined;
    return policy ?? putLater(program, { file, node, depth: depth + 1 });
  }
  return node.type === 'CallExpression' ? ofCall(program, file, { call: node, depth }) : undefined;
}

/** `let policy = known.get(host); if (!policy) policy = wrap(…)`: what a name of the same function is given later. */
function putLater(program: Program, { file, node, depth = 0 }: Place): Policy | undefined {
  if (node.type !== 'Identifier') return undefined;
  const [around] = functionsAround(file, node);
  const all = file
    .all('AssignmentExpression')
    .filter(({ left, operator }) => /^(\?\?|\|\|)?=$/.test(operator) && nameOf(left as Node) === node.name)
    .filter((one) => left(one).type === 'Identifier' && functionsAround(file, one)[0] === around)
    .flatMap(({ right }) => policyAt(program, { file, node: right, depth }) ?? []);
  return all.length === 1 ? all[0] : undefined;
}

const left = (one: { readonly left: unknown }): Node => one.left as Node;

/** `this.policies[name]`: any of a table of them, as far as they are alike. */
function anyOf(program: Program, { file, node, depth = 0 }: Place): Policy | undefined {
  const table = valueNode(program, file, node);
  if (table?.node.type !== 'ObjectExpression') return undefined;
  const all = table.node.properties.map((entry) =>
    entry.type === 'Property'
      ? policyAt(program, { file: table.file, node: entry.value as Node, depth: depth + 1 })
      : undefined,
  );
  const [first] = all;
  return first && all.every((one) => one && JSON.stringify(one) === JSON.stringify(first)) ? first : undefined;
}

type Asked = { readonly call: Extract<Node, { type: 'CallExpression' }>; readonly depth: number };

function ofCall(program: Program, file: ParsedFile, { call, depth }: Asked): Policy | undefined {
  const name = pathOf(call.callee).at(-1)!;
  const args = call.arguments as readonly Node[];
  if (COMPOSES.test(name) && args.length > 0)
    return joined(args.map((one) => policyAt(program, { file, node: one, depth: depth + 1 })));
  if (/^time_?out$/i.test(name)) {
    const strategy = args[1] ? textOf(program, file, args[1]) : '';
    const isAsked = /cooperative/i.test(`${strategy} ${args[1] ? file.textOf(args[1]) : ''}`);
    return { ...NOTHING, timeout: isAsked ? 'asked' : 'left' };
  }
  const piece = PIECES.find(([pattern]) => pattern.test(name));
  if (piece) return { ...NOTHING, ...piece[1] };
  const origin = program.originOf(file, call.callee as Node);
  if (origin.kind !== 'functions') return undefined;
  const [maker] = origin.all;
  return maker ? answered(program, maker.file, { node: maker.node, depth }) : undefined;
}

/** What a function answers that puts a policy together. */
function answered(program: Program, file: ParsedFile, { node, depth }: { node: AnyFunction; depth: number }) {
  const [only, ...others] = returnedBy(file, node);
  return only && others.length === 0 ? policyAt(program, { file, node: only, depth: depth + 1 }) : undefined;
}

function joined(all: readonly (Policy | undefined)[]): Policy | undefined {
  if (all.some((one) => one === undefined)) return undefined;
  const known = all as readonly Policy[];
  const timeouts = known.map(({ timeout }) => timeout);
  return {
    hasBreaker: known.some(({ hasBreaker }) => hasBreaker),
    hasFallback: known.some(({ hasFallback }) => hasFallback),
    timeout: timeouts.includes('left') ? 'left' : timeouts.includes('asked') ? 'asked' : 'none',
  };
}

/** Where a policy that is known runs something. */
export interface PolicyRun extends CallSite {
  readonly policy: Policy;
  readonly work: Node;
}

const RUNS = /^(execute|run|fire|exec)$/;

/** All of them: `policy.execute(({ signal }) => …)`. */
export const policyRuns = perSystem(({ program }: System): readonly PolicyRun[] =>
  program.files.flatMap((file) =>
    callsIn(file).flatMap((call): PolicyRun[] => {
      const { callee } = call;
      if (callee.type !== 'MemberExpression' || !RUNS.test(nameOf(callee.property as Node) ?? '')) return [];
      const policy = policyAt(program, { file, node: callee.object as Node });
      const [work] = call.arguments as readonly Node[];
      return policy && work ? [{ file, call, policy, work }] : [];
    }),
  ),
);

const ENDS = /\btime_?out(Ms)?\s*[:=(]|\.timeout\(|AbortController|deadline/i;

/** Whether nothing ends what a policy runs: it has no timeout, or one that what runs does not hear of. */
export function runsOn(system: System, { file, policy, work }: PolicyRun): 'endless' | 'unheard' | undefined {
  const origin = isFunction(work) ? undefined : system.program.originOf(file, work);
  const all = isFunction(work) ? [{ file, node: work }] : origin?.kind === 'functions' ? origin.all : [];
  const texts = all.map((one) => one.file.textOf(one.node));
  if (policy.timeout === 'left' || all.length === 0 || texts.some((text) => ENDS.test(text))) return undefined;
  const clients = all.flatMap((one) => system.program.callsReachedFrom(one, 2)).map((site) => madeWith(system, site));
  if (clients.some((text) => ENDS.test(text)) || endsAll(system)) return undefined;
  if (policy.timeout === 'none') return 'endless';
  return texts.some((text) => /\bsignal\b/.test(bodyOf(text))) ? undefined : 'unheard';
}

/** Clients that are told once for all how long a call may take. */
const endsAll = perSystem(({ program }: System): boolean =>
  program.files.some(({ lines }) => ENDS_ALL.test(lines.join('\n'))),
);

const ENDS_ALL = /HttpModule\.register\w*\([\s\S]{0,300}?timeout|axios\.defaults\.timeout|\b(headers|body)Timeout\b/;

/** What is done, without the names that it is given. */
const bodyOf = (text: string): string => text.slice(Math.max(0, text.indexOf('=>')));

/** With what the client was made that a call goes out by: `axios.create({ timeout })`. */
function madeWith({ program }: System, { file, call }: CallSite): string {
  if (call.callee.type !== 'MemberExpression') return '';
  const made = valueNode(program, file, call.callee.object as Node);
  const isCall = made?.node.type === 'CallExpression' || made?.node.type === 'NewExpression';
  return made && isCall ? made.file.textOf(made.node) : '';
}

/** Policies of the repository's own kit with a breaker, and none that ends a call. */
export const endlessCompositions = perSystem(({ program }: System): readonly CallSite[] =>
  program.files.flatMap((file) =>
    callsIn(file).flatMap((call) => {
      if (!COMPOSES.test(pathOf(call.callee as Node).at(-1)!)) return [];
      if (program.originOf(file, call.callee as Node).kind !== 'functions') return [];
      const policy = policyAt(program, { file, node: call });
      return policy?.hasBreaker && policy.timeout === 'none' ? [{ file, call }] : [];
    }),
  ),
);

const BY_POLICY = /polic|breaker|circuit|deadline|time_?out|^(execute|once|repeated)$/i;

/** A function that a policy hands its signal, and that gives it to nobody: what it has begun goes on. */
export const unheardSignals = perSystem(({ program }: System): readonly CallSite[] =>
  program.files.flatMap((file) =>
    callsIn(file)
      .filter((call) => {
        const [work] = call.arguments as readonly Node[];
        if (!work || !isFunction(work) || !BY_POLICY.test(pathOf(call.callee as Node).at(-1)!)) return false;
        const name = signalIn(work);
        if (!name) return false;
        const uses = file.all('Identifier').filter((one) => one.name === 'signal' && contains(work.body as Node, one));
        return uses.length === 0 && program.callsReachedFrom({ file, node: work }, 2).length > 0;
      })
      .map((call: AnyCall) => ({ file, call })),
  ),
);

/** `(signal) => …` and `({ signal }) => …` */
function signalIn(work: AnyFunction): boolean {
  const [first] = work.params as readonly Node[];
  if (nameOf(first) === 'signal') return true;
  return (
    first?.type === 'ObjectPattern' &&
    first.properties.some((one) => one.type === 'Property' && nameOf(one.key) === 'signal')
  );
}

/** A fallback that a maker of clients takes from its callers, and a caller that gives none. */
export interface MissingFallback extends CallSite {
  readonly name: string;
}

/** `breaker.fallback(fallback)`, where that is a parameter of the maker, and a call of it that leaves it out. */
export const missingFallbacks = perSystem(({ program }: System): readonly MissingFallback[] =>
  program.files.flatMap((file) =>
    callsIn(file).flatMap((call) => {
      if (!/fallback/i.test(pathOf(call.callee as Node).at(-1)!)) return [];
      return (call.arguments as readonly Node[]).flatMap((given) => leftOut(program, file, given));
    }),
  ),
);

function leftOut(program: Program, file: ParsedFile, given: Node): MissingFallback[] {
  const name = given.type === 'Identifier' ? given.name : undefined;
  const binding = name === undefined ? undefined : program.scopesOf(file).lookUp(name, given);
  if (binding?.kind !== 'value' || binding.declaration !== 'parameter' || binding.init || binding.path.length > 1)
    return [];
  const [maker] = functionsWith(file, binding.node);
  if (!maker) return [];
  const index = (maker.params as readonly Node[]).findIndex((one) => contains(one, binding.node));
  return program.callersOf(maker).flatMap((site) => {
    const all = site.call.arguments as readonly Node[];
    const argument = all[index];
    const [field] = binding.path;
    if (all.some(({ type }) => type === 'SpreadElement')) return [];
    if (field === undefined || !argument) return argument ? [] : [{ ...site, name: name! }];
    const isPlain =
      argument.type === 'ObjectExpression' && argument.properties.every(({ type }) => type === 'Property');
    return isPlain && !property(argument, field) ? [{ ...site, name: name! }] : [];
  });
}

const functionsWith = (file: ParsedFile, parameter: Node): AnyFunction[] =>
  [
    ...file.all('FunctionDeclaration'),
    ...file.all('FunctionExpression'),
    ...file.all('ArrowFunctionExpression'),
  ].filter((one) => (one.params as readonly Node[]).some((given) => contains(given, parameter)));
