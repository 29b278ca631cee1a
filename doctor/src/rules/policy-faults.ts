import type { Node } from 'oxc-parser';
import { userOf } from '../facts/breakers.ts';
import { clientOf } from '../facts/outbound.ts';
import {
  endlessCompositions,
  missingFallbacks,
  type PolicyRun,
  policyRuns,
  runsOn,
  unheardSignals,
} from '../facts/policies.ts';
import { vainFallbacks } from '../facts/vain-fallbacks.ts';
import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyCall, contains, isFunction, nameOf, pathOf } from '../source/ast.ts';
import { isCaught } from './caught.ts';
import type { Draft } from './rule.ts';

/** What is wrong with policies that are put together of several, and with those who call through them. */
export const policyFaults = (system: System): Draft[] => [
  ...policyRuns(system)
    .filter((run) => run.policy.hasBreaker && goesOut(system, run))
    .flatMap((run) => faultsOf(system, run)),
  ...endlessCompositions(system).flatMap((site) =>
    draft(system, site, { what: `${BREAKER} has no timeout: ${HANGS}` }),
  ),
  ...unheardSignals(system).flatMap((site) => draft(system, site, { what: GOES_ON })),
  ...missingFallbacks(system)
    .filter((site) => !isAnswered(system, site))
    .flatMap((site) => draft(system, site, { what: `${BREAKER} has no fallback here: ${ONLY_ERROR}` })),
  ...vainFallbacks(system)
    .filter(({ file, call }) => !isCaught(system, { file, node: call }))
    .flatMap((site) => draft(system, site, { what: `${BREAKER} has no fallback here: it throws the error again` })),
];

const GOES_ON = 'A call of PART goes on when its policy has given it up: nothing hands it the signal';
const BREAKER = 'A circuit breaker of PART';
const HANGS = 'a call that hangs is no failure to it';
const ONLY_ERROR = 'while it is open, callers only see an error';

function faultsOf(system: System, run: PolicyRun): Draft[] {
  const why = runsOn(system, run);
  const isSilent =
    !run.policy.hasFallback && !isCaught(system, { file: run.file, node: run.call }) && !answersItself(system, run);
  return [
    ...(why === 'endless' ? draft(system, run, { what: `${BREAKER} has no timeout: ${HANGS}` }) : []),
    ...(why === 'unheard'
      ? draft(system, run, { what: `${BREAKER} has a timeout that nothing hears of: ${HANGS}` })
      : []),
    ...(isSilent ? draft(system, run, { what: `${BREAKER} has no fallback: ${ONLY_ERROR}` }) : []),
  ];
}

/** A breaker of the repository's own that catches what fails, and lets nothing through. */
const answersItself = ({ program }: System, run: PolicyRun): boolean =>
  program.calleesOf(run).some(({ file, node }) => {
    const text = file.textOf(node);
    return /\bcatch\b/.test(text) && !/\bthrow\b|\breject\(/.test(text);
  });

/** Whether what a policy runs asks somebody outside. */
function goesOut(system: System, { file, work }: PolicyRun): boolean {
  const origin = isFunction(work) ? undefined : system.program.originOf(file, work);
  const all = isFunction(work) ? [{ file, node: work }] : origin?.kind === 'functions' ? origin.all : [];
  return all.some((one) =>
    system.program.callsReachedFrom(one, 3).some((site) => clientOf(system, site) !== undefined),
  );
}

/** What goes on after a promise asks nothing itself. */
const isStep = ({ callee }: AnyCall): boolean => /^(then|catch|finally)$/.test(pathOf(callee as Node).at(-1)!);

/** Whether all that is asked through what is made here is answered in another way when it fails. */
function isAnswered(system: System, { file, call }: CallSite): boolean {
  const holder = file.parentOf(call);
  const name =
    holder?.type === 'VariableDeclarator'
      ? nameOf(holder.id as Node)
      : holder?.type === 'PropertyDefinition'
        ? nameOf(holder.key as Node)
        : undefined;
  if (name === undefined) return true;
  const uses = file
    .all('CallExpression')
    .filter((one) => !contains(one, call) && pathOf(one.callee).slice(0, -1).includes(name) && !isStep(one));
  // Where it is used elsewhere, what is answered there is not known here.
  return uses.every((node) => isCaught(system, { file, node }));
}

function draft(system: System, { file, call }: CallSite, fault: Pick<Draft, 'what'>): Draft[] {
  const user = userOf(system, file);
  if (!user) return [];
  const line = file.lineAt(call.start);
  const evidence = [{ file: file.path, line, text: file.lines[line - 1]!.trim().slice(0, 160) }];
  return [{ subject: user.name, evidence, ...fault, what: fault.what.replace('PART', user.name) }];
}
