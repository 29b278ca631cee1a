import type { Node } from 'oxc-parser';
import { breakerSettingsIn, whySettingsNeverOpen } from '../facts/breaker-settings.ts';
import {
  type Breaker,
  breakersOf,
  breakersOfLibraries,
  kitBreakersForEachCall,
  userOf,
  whyNeverOpen,
} from '../facts/breakers.ts';
import { waitsForEver } from '../facts/moleculer.ts';
import { clientOf, type Outbound, outboundCalls } from '../facts/outbound.ts';
import { isOfProbe } from '../facts/probe-routes.ts';
import { isForEver } from '../facts/time-outs.ts';
import { readParts } from '../facts/unread.ts';
import type { RunningSystem } from '../live/running-system.ts';
import type { Part } from '../model/layout.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { textOf, valueNode } from '../model/texts.ts';
import type { Model } from '../model.ts';
import { type AnyCall, nameOf, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { TraceFacts } from '../traces/trace-facts.ts';
import { isCaught } from './caught.ts';
import { leftOutTimeouts } from './left-out-timeouts.ts';
import { ownBreakerFaults } from './own-breaker-faults.ts';
import { policyFaults } from './policy-faults.ts';
import type { Draft, Judgement, Rule } from './rule.ts';
import { merge, NOTHING } from './rule.ts';
import { inTrace, seenInTraces } from './trace-evidence.ts';
import { unansweredCalls } from './unanswered-calls.ts';

/** Every outbound synchronous call goes through a breaker with a timeout and a stated fallback. */
export const circuitBreakers: Rule = {
  id: 'circuit-breakers',
  title: 'Outbound calls go through circuit breakers',
  items: ['circuit-breakers', 'no-circuit-breakers'],
  severity: 'error',
  why: 'A dependency that is slow or gone takes its callers with it: they wait, hold connections, and fail in turn.',
  mend:
    'Call through a circuit breaker (opossum, cockatiel) with a timeout, and ' +
    'say what is answered while it is open.',
  judge: (model) => merge(model.system ? judge(model.system) : NOTHING, seen(model), breakersOfRunning(model.running)),
};

function judge(system: System): Judgement {
  const calls = outboundCalls(system);
  const breakers = [...system.services, ...system.gateways].flatMap((part) => breakersOf(system, part));
  return {
    findings: [
      ...calls.filter((call) => !call.isGuarded && !isOfProbe(system, call)).map(unguarded),
      ...calls.filter((call) => call.isGuarded && waitsForEver(system, call)).map(unended),
      ...[...system.services, ...system.gateways].flatMap((part) =>
        system.filesOf(part).flatMap((file) => endless(system, part, file)),
      ),
      ...breakers.flatMap((breaker) => [
        ...withoutTimeout(system, breaker),
        ...neverOpen(system, breaker),
        ...withoutFallback(system, breaker),
      ]),
      ...breakersOfLibraries(system).flatMap((breaker) => [
        ...withoutTimeout(system, breaker),
        ...neverOpen(system, breaker),
        ...withoutFallback(system, breaker),
      ]),
      ...system.program.files.flatMap((file) => neverOpenBySettings(system, file)),
      ...kitBreakersForEachCall(system).map((one) => anew(one)),
      ...ownBreakerFaults(system),
      ...unansweredCalls(system),
      ...policyFaults(system),
      ...leftOutTimeouts(system),
    ],
    ...readParts(system),
  };
}

function unguarded({ part, file, line, client, address, target }: Outbound): Draft {
  const whom = target ? `the service ${target.name}` : address === '' ? 'another system' : address;
  const text = file.lines[line - 1]!.trim().slice(0, 160);
  return {
    subject: part.name,
    what: `${part.name} calls ${whom} with ${client} past any circuit breaker`,
    evidence: [{ file: file.path, line, text }],
  };
}

const unended = ({ part, file, line, target }: Outbound): Draft => ({
  subject: part.name,
  what: `${part.name} waits for ${target?.name ?? 'another service'} without end: a call that hangs is no failure`,
  evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim().slice(0, 160) }],
});

function withoutTimeout(system: System, { part, file, call, library }: Breaker): Draft[] {
  if (library !== 'opossum') return endlessPolicy(system, { part, file, call, library });
  const { program } = system;
  const given = call.arguments[1] as Node | undefined;
  const options = given && valueNode(program, file, given);
  const timeout = options && property(options.node, 'timeout');
  if (!timeout || !isForEver(program, options.file, timeout)) return [];
  const text = textOf(program, options.file, timeout);
  const what = `A circuit breaker of ${part.name} has no timeout: a call that hangs is no failure to it`;
  return [
    {
      subject: part.name,
      what,
      evidence: [{ file: file.path, line: file.lineAt(call.start), text: `timeout: ${text}` }],
    },
  ];
}

const WAITS = /time_?out|abort|deadline|\bsignal\b/i;

/** The other libraries leave it to a policy, or to the client, how long a call may take. */
function endlessPolicy(system: System, { part, file, call, library }: Breaker): Draft[] {
  if (
    !/^(cockatiel|mollitia)$/.test(library) ||
    /Breaker$/.test(pathOf(call.callee as Node).at(-1)!) === (library === 'mollitia')
  )
    return [];
  const callers = callsIn(file).some((one) => clientOf(system, { file, call: one }))
    ? [file]
    : outboundCalls(system).flatMap((one) => (one.part === part ? [one.file] : []));
  const texts = [file, ...callers].map((one) =>
    one.lines.join('\n').replaceAll(/^import\b[^;]*?from[^\n]*|^const \{[^}]*\} = require\([^\n]*/gm, ''),
  );
  if (callers.length === 0 || texts.some((text) => WAITS.test(text))) return [];
  const what = `A circuit breaker of ${part.name} has no timeout: a call that hangs is no failure to it`;
  const line = file.lineAt(call.start);
  return [{ subject: part.name, what, evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }] }];
}

function neverOpen(system: System, breaker: Breaker): Draft[] {
  const { part, file, call } = breaker;
  const why = whyNeverOpen(system, breaker);
  if (why === undefined) return [];
  const line = file.lineAt(call.start);
  const evidence = [{ file: file.path, line, text: file.lines[line - 1]!.trim().slice(0, 160) }];
  return [{ subject: part.name, what: `A circuit breaker of ${part.name} ${why}`, evidence }];
}

const anew = ({ part, file, call }: Breaker): Draft => {
  const line = file.lineAt(call.start);
  const evidence = [{ file: file.path, line, text: file.lines[line - 1]!.trim().slice(0, 160) }];
  const what = `A circuit breaker of ${part.name} is made anew for each call: it never sees a second failure`;
  return { subject: part.name, what, evidence };
};

/** Settings by which a breaker of the repository's own kit cannot open. */
function neverOpenBySettings(system: System, home: ParsedFile): Draft[] {
  return breakerSettingsIn(system.program, home).flatMap(({ file, node }) => {
    const why = whySettingsNeverOpen(system.program, { file, node });
    const user = why === undefined ? undefined : userOf(system, home);
    if (!user) return [];
    const line = file.lineAt(node.start);
    const evidence = [{ file: file.path, line, text: file.lines[line - 1]!.trim().slice(0, 160) }];
    return [{ subject: user.name, what: `A circuit breaker of ${user.name} ${why}`, evidence }];
  });
}

/** A client of the repository's own that is told to wait for ever. */
function endless({ program }: System, part: Part, file: ParsedFile): Draft[] {
  return callsIn(file).flatMap((call) => {
    const given = (call.arguments as readonly Node[]).find(({ type }) => type === 'ObjectExpression');
    const timeout = property(given, 'timeoutMs') ?? property(given, 'timeout');
    if (!timeout || !/client|breaker|circuit|polic/i.test(pathOf(call.callee as Node).at(-1)!)) return [];
    const isLibrary = program.originOf(file, call.callee as Node).kind === 'external';
    if (isLibrary || !isForEver(program, file, timeout)) return [];
    const what = `A client of ${part.name} waits without end: a call that hangs is no failure to its breaker`;
    const line = file.lineAt(timeout.start);
    return [{ subject: part.name, what, evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }] }];
  });
}

const FIRES = /^(fire|execute|exec|run|call)$/;

/** A fallback of the breaker, or a `catch` around every call through it. */
function withoutFallback(system: System, { part, file, call, library }: Breaker): Draft[] {
  const files = system.closureOf(part);
  const own = fallbackOf(system, { part, file, call, library });
  if (own !== 'missing' && (own === 'given' || files.some((one) => hasFallback(system, one, library)))) return [];
  if (own === 'missing') return [silent(part, file, call)];
  const fired = files.flatMap((one) =>
    callsIn(one)
      .filter(
        (site) =>
          FIRES.test(pathOf(site.callee as Node).at(-1)!) &&
          [...pathOf(site.callee as Node), ...madeBy(system, one, site)].some((name) =>
            /breaker|circuit|polic/i.test(name),
          ),
      )
      .map((site) => ({ file: one, site })),
  );
  if (fired.length > 0 && fired.every((one) => isCaught(system, { file: one.file, node: one.site }))) return [];
  return [silent(part, file, call)];
}

function silent(part: Part, file: ParsedFile, call: AnyCall): Draft {
  const what = `A circuit breaker of ${part.name} has no fallback: while it is open, callers only see an error`;
  const line = file.lineAt(call.start);
  const evidence = [{ file: file.path, line, text: file.lines[line - 1]!.trim() }];
  return { subject: part.name, what, evidence };
}

/** Of a breaker that its file holds by a name: whether that is given a fallback, or all its calls are caught. */
function fallbackOf(system: System, { file, call, library }: Breaker): 'given' | 'missing' | 'unknown' {
  const name = heldAs(file, call);
  if (library !== 'opossum' || name === undefined) return 'unknown';
  const calls = file.all('CallExpression');
  const isOf = (one: AnyCall, method: string): boolean => {
    const path = pathOf(one.callee as Node);
    return path.at(-1) === method && path.at(-2)?.replace('#', '') === name;
  };
  if (calls.some((one) => isOf(one, 'fallback'))) return 'given';
  const isHandedOn = calls.some((one) =>
    (one.arguments as readonly Node[]).some((given) => pathOf(given).includes(name)),
  );
  const fired = calls.filter((one) => isOf(one, 'fire'));
  if (isHandedOn || fired.length === 0) return 'unknown';
  return fired.every((node) => isCaught(system, { file, node })) ? 'given' : 'missing';
}

/** The variable or the field that keeps what a call makes. */
function heldAs(file: ParsedFile, call: Node): string | undefined {
  const holder = file.parentOf(call);
  if (holder?.type === 'VariableDeclarator') return nameOf(holder.id as Node);
  if (holder?.type === 'PropertyDefinition') return nameOf(holder.key as Node)?.replace('#', '');
  return holder?.type === 'AssignmentExpression'
    ? pathOf(holder.left as Node)
        .at(-1)!
        .replace('#', '')
    : undefined;
}

/** By which call the value was made whose method runs: `breaker` of `const prices = breaker(ask)`. */
function madeBy({ program }: System, file: ParsedFile, { callee }: AnyCall): readonly string[] {
  if (callee.type !== 'MemberExpression') return [];
  const made = valueNode(program, file, callee.object as Node)?.node;
  return made?.type === 'CallExpression' || made?.type === 'NewExpression' ? pathOf(made) : [];
}

const hasFallback = (system: System, file: ParsedFile, library: string): boolean =>
  callsIn(file).some(
    (call) => /fallback/i.test(pathOf(call.callee as Node).at(-1)!) && !isOnlyCalledSo(system, { file, call }),
  ) ||
  (library === 'cockatiel' &&
    file.imports.some(({ specifier }) => specifier === library) &&
    /\bfallback\b/.test(file.lines.join('\n').replaceAll(/^import\b[^;]*?from[^\n]*/gm, '')));

/** A function of this repository that is called `withFallback`, and neither hands one over nor catches anything. */
function isOnlyCalledSo({ program }: System, site: CallSite): boolean {
  const run = program.calleesOf(site);
  const texts = run.map(({ file, node }) => file.textOf(node.body ?? node));
  return run.length > 0 && !texts.some((text) => /\bcatch\b|\bfallback\w*\s*\(|\bfallbacks?\s*:/i.test(text));
}

const seen = (model: Model): Judgement =>
  seenInTraces(model, ({ unbroken }) => unbroken.map(({ from }) => from), unbrokenRuns);

const unbrokenRuns = ({ unbroken }: TraceFacts): Draft[] =>
  unbroken.map(({ from, to, after, seconds, traceId, spanId }) => ({
    subject: from,
    what:
      `${from} went on calling ${to}, which failed: ${after} failing calls in ` +
      `${seconds.toFixed(1)} s after a breaker would have opened`,
    evidence: [inTrace({ traceId, spanId, text: 'from here on a breaker would have been open' })],
  }));

/** Breakers that are open now are at work; they tell of a dependency that is away. */
function breakersOfRunning(running: RunningSystem | undefined): Judgement {
  const open = (running?.replicas ?? []).flatMap(({ service, replica, breakers }) =>
    breakers.filter(({ state }) => state !== 'closed').map((breaker) => ({ service, replica, ...breaker })),
  );
  return {
    judged: (running?.replicas ?? []).filter(({ breakers }) => breakers.length > 0).map(({ service }) => service),
    unknown: [],
    findings: open.map(({ service, replica, name, state, failureRate }) => ({
      subject: service,
      what: `The circuit to ${name} is ${state} at ${replica}`,
      evidence: [{ text: `${Math.round(100 * failureRate)} % of its calls fail` }],
      severity: 'warning' as const,
      mend: `Look after ${name}: the breaker closes by itself once it answers again.`,
    })),
  };
}
