import type { Node } from 'oxc-parser';
import { userOf } from '../facts/breakers.ts';
import { type HandmadeBreaker, handmadeBreakersIn } from '../facts/handmade-breakers.ts';
import { clientOf } from '../facts/outbound.ts';
import {
  ENDS,
  hasOwnFallback,
  isEndless,
  isMadeForOneCall,
  neverOpens,
  type OwnBreaker,
  ownBreakers,
  runsOf,
} from '../facts/own-breakers.ts';
import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { functionsAround } from '../source/ast.ts';
import { isCaught } from './caught.ts';
import type { Draft } from './rule.ts';

/** What is wrong with circuit breakers that a team has written itself, and with those who call through them. */
export const ownBreakerFaults = (system: System): Draft[] => [
  ...ownBreakers(system).flatMap((breaker) => faultsOf(system, breaker)),
  ...[...system.services, ...system.gateways].flatMap((part) =>
    system
      .filesOf(part)
      .flatMap((file) =>
        handmadeBreakersIn(system.program, file).flatMap((breaker) => faultsOfFunction(system, breaker)),
      ),
  ),
];

/** How long it stays open says nothing of how long a call may take. */
const OF_THE_OPEN_STATE = /\b(re_?set|open|half_?open|cool_?down)_?\w*?time_?out\w*/gi;

function faultsOfFunction(system: System, { file, node, gate }: HandmadeBreaker): Draft[] {
  const callers = system.program.callersOf(node);
  const work = { file, call: node as never };
  const asked = system.program.callsReachedFrom({ file, node }, 2).filter((site) => clientOf(system, site));
  const texts = [
    ...[file, ...asked.map((one) => one.file)].map(({ lines }) => lines.join('\n')),
    ...callers.map((one) => one.file.textOf(functionsAround(one.file, one.call)[0] ?? one.call)),
  ].map((text) => text.replaceAll(OF_THE_OPEN_STATE, ''));
  const isEndless = asked.length > 0 && !texts.some((text) => ENDS.test(text));
  const refuses = /\bthrow\b/.test(file.textOf(gate.consequent as Node));
  const silent = refuses ? callers.filter((one) => !isCaught(system, { file: one.file, node: one.call })) : [];
  return [
    ...(isEndless ? draft(system, work, 'has no timeout: a call that hangs is no failure to it') : []),
    ...silent
      .slice(0, 1)
      .flatMap(() => draft(system, work, 'has no fallback: while it is open, callers only see an error')),
  ];
}

function faultsOf(system: System, breaker: OwnBreaker): Draft[] {
  const [first] = breaker.makers;
  if (!first) return [];
  const anew = breaker.makers.filter((one) => functionsAround(one.file, one.call).length > 0 && isMadeForOneCall(one));
  const silent = hasOwnFallback(breaker)
    ? []
    : runsOf(system, breaker).filter(({ file, call }) => !isCaught(system, { file, node: call }));
  return [
    ...(neverOpens(breaker) ? draft(system, first, 'never opens: nothing sets what it asks before it refuses') : []),
    ...(isEndless(breaker) ? draft(system, first, 'has no timeout: a call that hangs is no failure to it') : []),
    ...anew.flatMap((site) => draft(system, site, 'is made anew for each call: it never sees a second failure')),
    ...silent.flatMap((site) => draft(system, site, 'has no fallback: while it is open, callers only see an error')),
  ];
}

function draft(system: System, { file, call }: CallSite, why: string): Draft[] {
  const user = userOf(system, file);
  if (!user) return [];
  const line = file.lineAt(call.start);
  const evidence = [{ file: file.path, line, text: file.lines[line - 1]!.trim().slice(0, 160) }];
  return [{ subject: user.name, what: `A circuit breaker of ${user.name} ${why}`, evidence }];
}
