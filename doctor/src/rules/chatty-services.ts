import type { Node } from 'oxc-parser';
import { fieldResolverOf } from '../facts/field-resolvers.ts';
import { outboundCalls } from '../facts/outbound.ts';
import { repeatedQueries } from '../facts/repeated-queries.ts';
import { readParts } from '../facts/unread.ts';
import type { Thresholds } from '../model/architecture-file.ts';
import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import type { Model } from '../model.ts';
import { type AnyFunction, functionsAround, iteratedIn, loopAround, unwrap } from '../source/ast.ts';
import { groupBy } from '../source/group-by.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { TraceFacts } from '../traces/trace-facts.ts';
import type { Draft, Judgement, Rule } from './rule.ts';
import { merge, NOTHING } from './rule.ts';
import { inTrace, seenInTraces } from './trace-evidence.ts';

/** One request does not become many: no calls in loops, no operation again and again under one parent. */
export const chattyServices: Rule = {
  id: 'chatty-services',
  title: 'No chatty services',
  items: ['chatty-services'],
  severity: 'error',
  why:
    'Each call costs a round trip and can fail: a list of fifty takes fifty ' +
    'times as long, and fails fifty times as often.',
  mend: 'Ask once for all of them, or keep a copy of what is needed from the events of its owner.',
  judge: (model) => merge(model.system ? judge(model.system) : NOTHING, seen(model)),
};

function judge(system: System): Judgement {
  return {
    findings: [...inLoops(system), ...inFields(system), ...queriesInLoops(system)],
    ...readParts(system),
  };
}

/** A loop from which a call goes out, directly or through functions of the repository. */
function inLoops(system: System): Draft[] {
  const found = outboundCalls(system).flatMap(({ part, file, node, address, target, client }) =>
    loopsOver(system, { file, call: node }).map(({ loop, home }) => ({
      part,
      file,
      node,
      address,
      target,
      client,
      loop,
      home,
    })),
  );
  const byLoop = groupBy(found, ({ home, loop, part }) => `${part.name} ${home.path}:${loop.start}`);
  return [...byLoop.values()].map((same) => {
    const { part, file, node, target, address, client, loop, home } = same[0]!;
    const whom = target ? target.name : address || 'another system';
    const line = file.lineAt(node.start);
    const at = home.lineAt(loop.start);
    return {
      subject: part.name,
      what: `${part.name} calls ${whom} (${client}) once for each turn of a loop`,
      evidence: [
        { file: home.path, line: at, text: home.lines[at - 1]!.trim().slice(0, 160) },
        ...(at === line && file === home
          ? []
          : [{ file: file.path, line, text: file.lines[line - 1]!.trim().slice(0, 160) }]),
      ],
    };
  });
}

/** A field of a graph that asks by itself is asked for each object of a list. */
function inFields(system: System): Draft[] {
  const found = outboundCalls(system).flatMap(({ part, file, node, target, address }) => {
    const field = fieldResolverOf(system, { file, call: node });
    return field ? [{ part, target, address, field }] : [];
  });
  const byField = groupBy(found, ({ part, field }) => `${part.name} ${field.file.path}:${field.node.start}`);
  return [...byField.values()].map(([one]) => {
    const { part, target, field } = one!;
    const line = field.file.lineAt(field.node.start);
    const whom = target?.name ?? 'another system';
    return {
      subject: part.name,
      what: `${part.name} asks ${whom} once for each object whose field ${field.name} is wanted (N+1)`,
      evidence: [{ file: field.file.path, line, text: field.file.lines[line - 1]!.trim().slice(0, 160) }],
      mend: 'Gather what one answer wants in a data loader, and ask once.',
      severity: 'warning' as const,
    };
  });
}

/** A list of which each element is looked up by itself: N+1. */
function queriesInLoops(system: System): Draft[] {
  const found = repeatedQueries(system).filter(({ file, loop }) => !isRepetitionOnPurpose(file, loop));
  return found.map(({ part, file, loop, query }) => {
    const [at, line] = [file.lineAt(loop.start), query.file.lineAt(query.call.start)];
    const shown = (home: ParsedFile, of: number) => ({
      file: home.path,
      line: of,
      text: home.lines[of - 1]!.trim().slice(0, 160),
    });
    return {
      subject: part.name,
      what: `${part.name} asks its database once for each turn of a loop (N+1)`,
      evidence: [shown(file, at), ...(query.file === file && line === at ? [] : [shown(query.file, line)])],
      mend: 'Ask for all of them at once (`in`, `any`, a join, a data loader).',
      severity: 'warning' as const,
    };
  });
}

interface Loop {
  readonly loop: Node;
  readonly home: ParsedFile;
}

function loopsOver(system: System, site: CallSite, depth = 0): Loop[] {
  const loop = isHandedToEach(system, site) ? site.call : loopAround(site.file, site.call);
  if (loop && !isRepetitionOnPurpose(site.file, loop)) return [{ loop, home: site.file }];
  if (depth > 4) return [];
  const around = run(site);
  const callers = around.flatMap((one) => system.program.callersOf(one)).filter((caller) => caller.call !== site.call);
  const own = system.partOf(site.file.path);
  return callers
    .filter(({ file }) => system.partOf(file.path) === own)
    .flatMap((caller) => loopsOver(system, caller, depth + 1));
}

/** The functions around a call that run it: who makes and answers with a function does not. */
function run({ file, call }: CallSite): readonly AnyFunction[] {
  const around = functionsAround(file, call);
  const handedOut = around.findIndex((one) => {
    const outer = file.parentOf(one);
    return outer?.type === 'ReturnStatement' || (outer?.type === 'ArrowFunctionExpression' && outer.body === one);
  });
  return handedOut < 0 ? around : around.slice(0, handedOut + 1);
}

/** `ids.map(ask)`: the call that runs the function is the loop itself. */
const isHandedToEach = (system: System, { file, call }: CallSite): boolean =>
  iteratedIn(call) !== undefined &&
  system.program.originOf(file, call.callee as Node).kind !== 'functions' &&
  system.program.calleesOf({ file, call }).length > 0;

/** Trying again, reading page after page, waiting, and asking each of several replicas or services once. */
function isRepetitionOnPurpose(file: ParsedFile, loop: Node): boolean {
  const head = loop.type === 'CallExpression' ? file.textOf(loop.callee as Node) : headOf(file, loop);
  return new RegExp(
    String.raw`attempt|retr(y|ies)|tries|cursor|nextPage|hasMore|hasNext|pageToken|next_?token|\bpage\b|` +
      String.raw`offset|chunk|batch|\bservices?\b|replica|upstream|endpoint|peers|hosts|[uU]rls?\b|` +
      String.raw`while\s*\(\s*(true|!)|for\s*\(\s*;\s*;`,
    'i',
  ).test(head);
}

function headOf(file: ParsedFile, loop: Node): string {
  if (loop.type === 'DoWhileStatement') return file.textOf(loop.test as Node);
  // `for (const user of await users.list(page))`: what the list is asked for is not what it goes over.
  const right = loop.type === 'ForOfStatement' ? unwrap(loop.right) : undefined;
  if (loop.type === 'ForOfStatement' && right?.type === 'CallExpression')
    return `${file.textOf(loop.left as Node)} of ${file.textOf(right.callee as Node)}`;
  const body = (loop as { body?: Node }).body;
  return file.textOf(loop).slice(0, body ? body.start - loop.start : undefined);
}

const seen = (model: Model): Judgement => seenInTraces(model, ({ services }) => services, chattyPairs);

function chattyPairs({ asked, repeated, queries }: TraceFacts, thresholds: Thresholds): Draft[] {
  const again = repeated.map(({ from, to, operation, times, parents, example }) => ({
    subject: from,
    what: `${from} asks ${to} for ${operation} up to ${times} times under one parent, under ${parents} parents (N+1)`,
    evidence: [inTrace(example)],
  }));
  const known = new Set(repeated.map(({ from, to }) => `${from} ${to}`));
  const many = asked
    .map((one) => ({ ...one, mean: one.calls / one.requests, pair: `${one.from} ${one.to}` }))
    .filter(({ mean, pair }) => mean > thresholds.callsPerRequest && !known.has(pair))
    .sort((one, other) => other.mean - one.mean);
  const worst = [...groupBy(many, ({ pair }) => pair).values()].map(([first]) => first!);
  const chatty = worst.map(({ from, to, request, mean, most, example }) => ({
    subject: from,
    what: `${from} calls ${to} ${mean.toFixed(1)} times for each ${request} that needs it, up to ${most} times`,
    evidence: [inTrace(example)],
  }));
  const queried = queries.map(({ from, operation, times, parents, example }) => ({
    subject: from,
    what:
      `${from} asks its database up to ${times} times under one parent, ` +
      `under ${parents} parents: ${operation} (N+1)`,
    evidence: [inTrace(example)],
    mend: 'Ask for all of them at once (`in`, `any`, a join, a data loader).',
    severity: 'warning' as const,
  }));
  return [...again, ...chatty, ...queried];
}
