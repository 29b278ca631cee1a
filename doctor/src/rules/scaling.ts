import type { Node } from 'oxc-parser';
import { isDatabaseCall, isWrite, sqlOf } from '../facts/effects.ts';
import { type EndlessLoop, endlessLoops } from '../facts/endless-loops.ts';
import { keptAnswers } from '../facts/kept-answers.ts';
import { limitsAlone, localDisk, sessionInMemory, stateInCache } from '../facts/local-state.ts';
import { kindOf } from '../facts/messages.ts';
import { clientOf } from '../facts/outbound.ts';
import { promiseChains } from '../facts/process-locks.ts';
import { type ProcessState, processState } from '../facts/process-state.ts';
import { workPutOff } from '../facts/put-off.ts';
import { isReached } from '../facts/reached.ts';
import { isAfterFailure, isAgain, type Work, workOf } from '../facts/timed-work.ts';
import { workOfPort } from '../facts/timer-ports.ts';
import { withSources } from '../facts/unread.ts';
import { usedFiles } from '../facts/used-files.ts';
import type { Part } from '../model/layout.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { decoratorsOf, functionsAround, isFunction, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { affinities } from './affinities.ts';
import type { Draft, Judgement, Rule } from './rule.ts';
import { NOTHING } from './rule.ts';

/**
 * Nothing of a session in process memory or on local disk; no lock or timer of one process where there may be several.
 */
export const scaling: Rule = {
  id: 'scaling',
  title: 'Any replica can answer any request',
  items: ['scaling'],
  severity: 'error',
  why: 'What one process remembers, its second replica does not know, and a restart forgets.',
  mend:
    'Keep it in the database or in Redis, take a lease before work that must ' +
    'happen once, and write files to an object store.',
  judge: ({ system }) => (system ? judge(system) : NOTHING),
};

function judge(system: System): Judgement {
  const { parts: all, unknown } = withSources(system);
  return {
    findings: [
      ...all.flatMap((part) => system.filesOf(part).flatMap((file) => inFile(system, part, file))),
      ...heldByLibraries(system, all),
      ...affinities(system),
    ],
    judged: all.map(({ name }) => name),
    unknown,
  };
}

const TOOLS =
  /(^|\/)(scripts?|tools?|migrations?|seeds?|seeders|bin|cli|simulation)(\/|\.[cm]?[jt]s$)|\.config\.[cm]?[jt]s$/;

function inFile(system: System, part: Part, file: ParsedFile): Draft[] {
  if (TOOLS.test(file.path.slice(part.folder.length))) return [];
  const draft = (node: Node, what: string, mend?: string): Draft => ({
    ...draftAt(part, { file, node }, what),
    ...(mend && { mend }),
  });
  return [
    ...processState(system, file).map((state) => draft(state.node, describe(state))),
    ...promiseChains(system, file).map((node) => draft(node, QUEUED)),
    ...keptAnswers(system, file).map((node) => draft(node, REMEMBERED)),
    ...callsIn(file).flatMap((call) => {
      const what =
        sessionInMemory(system, { file, call }) ??
        stateInCache(system, { file, call }) ??
        localDisk(system, { file, call }) ??
        localLock(system, { file, call }) ??
        soleTimer(system, { file, call });
      return what === undefined ? [] : [draft(call, what)];
    }),
    ...callsIn(file)
      .filter((call) => limitsAlone(system, part, { file, call }))
      .map((call) => ({ ...draft(call, ALONE, ONE_COUNT), severity: 'warning' as const })),
    ...loopsOf(system, file).map(({ node }) => draft(node, SOLE)),
    ...workPutOff(system, file).map((call) => draft(call, PUT_OFF, IN_A_QUEUE)),
    ...timersOf(system, file).map(({ node, name }) => draft(node, `runs ${name} on a timer in every replica`)),
  ];
}

/** Nest's timers without a lease. */
const timersOf = (system: System, file: ParsedFile): { readonly node: Node; readonly name: string }[] =>
  file.all('MethodDefinition').flatMap((method) => {
    const timer = decoratorsOf(method).find(({ name }) => /^(Cron|Interval)$/.test(name));
    if (!timer || hasLease(system, { file, node: method.value })) return [];
    return [{ node: timer.node, name: (method.key as { name?: string }).name ?? 'a job' }];
  });

const COUNTS_CLIENTS = /(^|\/)[^/]*(rate-?_?limit|limiter|throttl|session|login-?attempts)[^/]*$/i;

/** What a library counts or keeps of clients in each process that uses it; it is told once. */
function heldByLibraries(system: System, parts: readonly Part[]): Draft[] {
  const homes = system.program.files.filter(({ path }) => system.partOf(path)?.kind === 'library');
  return homes.flatMap((file) => {
    const states = COUNTS_CLIENTS.test(file.path) ? processState(system, file) : [];
    const timers = [
      ...timersOf(system, file).map(({ node, name }) => ({ node, what: `runs ${name} on a timer in every replica` })),
      ...loopsOf(system, file, tells).map(({ node }) => ({ node, what: SOLE })),
      ...callsIn(file).flatMap((call) => {
        const what = TOOLS.test(file.path) ? undefined : soleTimer(system, { file, call }, tells);
        return what && isReached(system, system.program.files, { file, node: call }) ? [{ node: call, what }] : [];
      }),
    ];
    const user =
      states.length + timers.length > 0 ? parts.find((part) => usedFiles(system, part).includes(file)) : undefined;
    if (!user) return [];
    return [
      ...states.map((state) => stateDraft(user, file, state)),
      ...timers.map(({ node, what }) => draftAt(user, { file, node }, what)),
    ];
  });
}

const stateDraft = (part: Part, file: ParsedFile, state: ProcessState): Draft =>
  draftAt(part, { file, node: state.node }, describe(state));

function draftAt(part: Part, { file, node }: Work, what: string): Draft {
  const line = file.lineAt(node.start);
  const evidence = [{ file: file.path, line, text: file.lines[line - 1]!.trim().slice(0, 160) }];
  return { subject: part.name, what: `${part.name} ${what}`, evidence };
}

const describe = ({ name, holder }: ProcessState): string =>
  `keeps ${name} in the memory of the process${holder === '' ? '' : ` (${holder})`}`;

const ALONE = 'counts requests in the memory of each process: with more replicas the limit is that many times as high';
const ONE_COUNT = 'Give the limiter a store that all replicas share, such as Redis.';

const LOCKS =
  /^(async-mutex|async-lock|await-lock|mutexify|semaphore-async-await|locks|live-mutex|proper-lockfile|lockfile)$/;

const QUEUED = 'lets changes wait for each other behind a promise that only this process knows';
const REMEMBERED = 'keeps for ever, in the memory of the process, what its database has answered once';

const PUT_OFF = 'puts work off by a timer of the process: what has not run when it ends is lost';
const IN_A_QUEUE =
  'Put it into a queue that keeps jobs (BullMQ, pg-boss, a delayed message), ' +
  'or note in the database when it is due.';

function localLock({ program }: System, { file, call }: CallSite): string | undefined {
  const origin = program.originOf(file, call.callee as Node);
  if (call.type !== 'NewExpression' && origin.kind === 'external' && origin.path.length > 0) return undefined;
  if (origin.kind === 'external' && LOCKS.test(origin.module))
    return `excludes others by a lock that only this process knows (${origin.module})`;
  const isNamed =
    call.type === 'NewExpression' &&
    /^(Mutex|AsyncLock|Semaphore|KeyedMutex)$/.test(pathOf(call.callee as Node).at(-1)!);
  return isNamed && origin.kind !== 'global' ? 'excludes others by a lock that only this process knows' : undefined;
}

const LEASE = new RegExp(
  String.raw`\block\b|(?<!re)lease|leader|advisory|redlock|skip_?\s?locked|for_?\s?update|setnx|\bNX\b|acquire|` +
    String.raw`\block(ed)?_?(at|by|until|owner|id|token)\b|` +
    'pessimistic_?(partial_?)?write|' +
    'get_?lock|getapplock|singleton|exclusive|pg-?boss|claim|findOneAnd(Update|Modify|Replace)|findAndModify',
  'i',
);
/** One statement that takes rows away from all others, and says which: no two get the same. */
const TAKES =
  /\b(update\s+\S+\s+set|delete\s+from)\b(?:(?!\bselect\b)[^;`])*?\bwhere\b(?:(?!\bselect\b)[^;`])*?\breturning\b/i;
const CRONS: ReadonlySet<string> = new Set([
  'node-cron',
  'cron',
  'node-schedule',
  'croner',
  'toad-scheduler',
  'later',
  'agenda',
]);

/** Work on a timer that every replica does, and that changes something which they share. */
function soleTimer(system: System, { file, call }: CallSite, matters = concerns): string | undefined {
  const origin = system.program.originOf(file, call.callee as Node);
  const isInterval =
    origin.kind === 'global' &&
    (origin.path.at(-1) === 'setInterval' ||
      (origin.path.at(-1) === 'setTimeout' &&
        !isAfterFailure(file, call) &&
        isAgain(system, { file, call }, call.arguments[0] as Node)));
  const isCron =
    origin.kind === 'external' &&
    CRONS.has(origin.module) &&
    /^(schedule|scheduleJob|CronJob|Cron|define|every|from)$/.test(origin.path.at(-1) ?? '');
  const handed = isInterval || isCron ? [] : handedOver(system, { file, call });
  if (!isInterval && !isCron && handed.length === 0) return undefined;
  const given = handed.length > 0 ? handed : (call.arguments as readonly Node[]);
  const works = given.flatMap((one) => workOf(system, file, one));
  if (isInterval && origin.kind === 'global' && origin.path.at(-1) === 'setTimeout') {
    const [around] = functionsAround(file, call);
    if (around) works.push({ file, node: around });
  }
  if (works.length === 0 || works.some((work) => hasLease(system, work))) return undefined;
  // What only throws away what is over is the same when it is done again.
  const concerning = handed.length > 0 && matters === concerns ? concernsMore : matters;
  if (!isCron && !works.some((work) => changesMore(system, work, concerning))) return undefined;
  return SOLE;
}

const SOLE = 'runs work on a timer in every replica, and nothing lets only one of them do it';

/** What goes round for ever without a lease. */
const loopsOf = (system: System, file: ParsedFile, matters = concerns): EndlessLoop[] =>
  TOOLS.test(file.path)
    ? []
    : endlessLoops(system, file).filter(({ node, around }) => {
        const work = { file, node: around };
        if (hasLease(system, work) || !changesMore(system, work, matters)) return false;
        return isReached(system, system.program.files, { file, node });
      });

/** What a port runs again and again, or once and then by itself again. */
function handedOver(system: System, site: CallSite): Node[] {
  const repeated = workOfPort(system, site);
  if (repeated.length > 0) return repeated;
  return workOfPort(system, site, 'setTimeout').filter((work) => isAgain(system, site, work));
}

function reached(system: System, { file, node }: Work, depth = 6): readonly CallSite[] {
  return isFunction(node) ? system.program.callsReachedFrom({ file, node }, depth) : [];
}

function hasLease(system: System, work: Work): boolean {
  const around = functionsAround(work.file, work.node)
    .slice(0, 1)
    .map((node) => work.file.textOf(node));
  // What lies deeper, as in a library of databases, locks for reasons of its own.
  const inner = reached(system, work, 2).flatMap((site) => [
    ...system.program.calleesOf(site).map((one) => one.file.textOf(one.node)),
    textOfCall(site),
  ]);
  return [work.file.textOf(work.node), ...inner, ...around]
    .map((text) => text.replaceAll(COMMENT, ''))
    .some((text) => LEASE.test(text) || TAKES.test(text));
}

const COMMENT = /\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*/g;

const textOfCall = ({ file, call }: CallSite): string => file.textOf(call).slice(0, 500);

const changesMore = (system: System, work: Work, matters: typeof concerns): boolean =>
  reached(system, work).some((site) => matters(system, site));

/** What libraries do for each process, as to purge or to say that it lives, is doubled only where it tells others. */
const tells = (system: System, site: CallSite): boolean =>
  kindOf(system, site) === 'published' || pathOf(site.call.callee as Node).at(-1) === 'sendMail';

/** Who tries again until somebody answers changes nothing. */
const BEGINS = new RegExp(
  '^(connect|create(Connection|Pool)|authenticate|ping|client|db|collection|on|once|close|end|quit|' +
    'then|catch|finally)$',
);

const concerns = (system: System, site: CallSite): boolean =>
  !BEGINS.test(pathOf(site.call.callee as Node).at(-1)!) &&
  !/^\s*select\s+(1|now\(\))[\s;]*$/i.test(sqlOf(system, site)) &&
  concernsOthers(system, site);

const concernsOthers = (system: System, site: CallSite): boolean =>
  tells(system, site) ||
  isWrite(system, site) ||
  isDatabaseCall(system, site) ||
  clientOf(system, site) !== undefined ||
  /^(publish|emit|send|sendMail|sendToQueue)$/.test(pathOf(site.call.callee as Node).at(-1)!);

const THROWS_AWAY = /^(remove|purge|delete|forget|clean|expire|evict|prune)/i;

const concernsMore = (system: System, site: CallSite): boolean =>
  tells(system, site) ||
  (isWrite(system, site) &&
    !THROWS_AWAY.test(pathOf(site.call.callee as Node).at(-1)!) &&
    !/^\s*(delete|with\b[\s\S]*\bdelete)\b/i.test(sqlOf(system, site)));
