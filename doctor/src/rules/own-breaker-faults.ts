import { userOf } from '../facts/breakers.ts';
import {
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
export const ownBreakerFaults = (system: System): Draft[] =>
  ownBreakers(system).flatMap((breaker) => faultsOf(system, breaker));

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
