import type { Node } from 'oxc-parser';
import { askedInVain, emptyChecks, missingChecks, type NoChecks } from '../facts/asked-probes.ts';
import { isDatabaseCall } from '../facts/effects.ts';
import { clientOf } from '../facts/outbound.ts';
import { leavesOutDatabase } from '../facts/partial-readiness.ts';
import { BOTH, type Probes, probesOf, READY } from '../facts/probe-routes.ts';
import { asksNothing, callsOf, isAlwaysReady } from '../facts/readiness.ts';
import type { Route } from '../facts/routes.ts';
import { usedFiles } from '../facts/used-files.ts';
import type { Deployment } from '../model/deployment.ts';
import type { Part } from '../model/layout.ts';
import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { pathOf } from '../source/ast.ts';
import { diesWithOthers, isAskedWhetherAlive, neverUnready } from './confused-probes.ts';
import { probed } from './live-probes.ts';
import type { Draft, Judgement, Rule } from './rule.ts';
import { merge, NOTHING } from './rule.ts';

/**
 * Each service says whether it lives, without asking anybody, and whether it wants requests, after asking what it
 * needs.
 */
export const health: Rule = {
  id: 'health',
  title: 'Health checks for all',
  items: ['health'],
  severity: 'error',
  why:
    'A supervisor restarts what is not alive, and a balancer leaves out what ' +
    'is not ready; a probe that says the wrong one of the two turns a small ' +
    'outage into a large one.',
  mend:
    'Answer GET /livez without any dependency, and GET /readyz after asking ' +
    'the database and the broker; tell both to the platform.',
  judge: (model) => merge(model.system ? judge(model.system) : NOTHING, probed(model.running)),
};

function judge(system: System): Judgement {
  const all = [...system.services, ...system.gateways];
  const known = all.map((part) => ({ part, probes: probesOf(system, part) }));
  const mute = known.filter(
    ({ probes, part }) => !probes.answersHttp && !hasCommand(system, part) && !isMute(system, part, probes),
  );
  return {
    findings: [
      ...once(known.filter((one) => !mute.includes(one)).flatMap(({ part, probes }) => faults(system, part, probes))),
      ...system.deployments.filter(({ kind }) => kind === 'kubernetes').flatMap((one) => unprobed(system, one)),
      ...all.flatMap((part) => switchedOff(system, part)),
      ...noChecks(system).map(({ part: { name: subject }, file, node }) => {
        const what = `The readiness check of ${subject} is told to ask nothing: it is ready also without what it needs`;
        const line = file.lineAt(node.start);
        return { subject, what, evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }] };
      }),
    ],
    judged: known.filter((one) => !mute.includes(one)).map(({ part }) => part.name),
    unknown: mute.map(({ part }) => ({
      subject: part.name,
      why: 'No route of it is known, so that nothing can be said of its probes.',
    })),
  };
}

const noChecks = (system: System): readonly NoChecks[] => [
  ...emptyChecks(system),
  ...missingChecks(system).filter(({ part }) => needsSomething(system, part)),
];

const NO_CHECK = 'has no health check';
const MANY = 3;

/** Where many have no check at all, it is one fault: of what they are made from. */
function once(drafts: readonly Draft[]): Draft[] {
  const without = drafts.filter(({ subject, what }) => what === `${subject} ${NO_CHECK}`);
  if (without.length < MANY) return [...drafts];
  const names = without.map(({ subject }) => subject).sort();
  const what = `${names.slice(0, -1).join(', ')} and ${names.at(-1)} have no health check`;
  const all = { subject: names.join(', '), what, evidence: without.flatMap(({ evidence }) => evidence) };
  return [all, ...drafts.filter((one) => !without.includes(one))];
}

const LISTENS = /\bNestFactory\.create[^(]*\([\s\S]*\.listen\(/;

/** An application of Nest that listens for requests, and of which no controller answers one. */
const isMute = (system: System, part: Part, { isSilent, answersHttp }: Probes): boolean =>
  isSilent &&
  !answersHttp &&
  system.filesOf(part).some(({ lines }) => LISTENS.test(lines.join('\n'))) &&
  !system.closureOf(part).some(({ lines }) => ANSWERS.test(lines.join('\n')));

/** Also what takes modules from elsewhere, which may bring controllers along. */
const ANSWERS = /@Resolver\(|createMicroservice|\.(use|get)\(\s*['"`]\//;

const hasCommand = (system: System, part: Part): boolean =>
  system.deploymentsOf(part).some(({ probes }) => Object.keys(probes).length > 0);

function faults(system: System, part: Part, probes: Probes): Draft[] {
  const { live, ready, answersHttp, isSilent } = probes;
  if (isMute(system, part, probes)) return [withoutCheck(system, part)];
  if (!answersHttp) return isSilent ? unanswered(system, part) : [];
  if (live.length === 0 && ready.length === 0) return [withoutCheck(system, part)];
  const place = ({ file, line, path }: Route) => [{ file: file.path, line, text: `GET ${path}` }];
  const lacks = (state: string, route: Route): Draft[] => [
    { subject: part.name, what: `${part.name} does not say whether it is ${state}`, evidence: place(route) },
  ];
  const needs = needsSomething(system, part);
  return [
    ...(ready.length === 0 && needs && !live.some((route) => saysBoth(system, part, route))
      ? lacks('ready: it has a dependency, and only a check of liveness', live[0]!)
      : []),
    ...(live.length === 0 ? lacks('alive, only whether it is ready', ready[0]!) : []),
    ...live
      .filter((route) => asksDependency(system, route, ready) && (!BOTH.test(route.path) || ready.length > 0))
      .map((route) => ({
        subject: part.name,
        what:
          `The liveness check of ${part.name} asks a dependency: when that is away, ` +
          `the service is restarted for nothing`,
        evidence: place(route),
      })),
    ...(needs ? ready.flatMap((route) => falselyReady(system, part, route)) : []),
    ...(live.length > 0 && ready.length > 0 ? inVain(system, part, [...live, ...ready]) : []),
  ];
}

/** The only check, by a name that says neither, asks what the service needs: it says whether that is ready. */
const saysBoth = (system: System, part: Part, route: Route): boolean =>
  BOTH.test(route.path) && asksDependency(system, route, []) && !leavesOutDatabase(system, part, route);

function withoutCheck(system: System, part: Part): Draft {
  const { name, folder } = part;
  const file = system.filesOf(part)[0]?.path ?? folder;
  const text = `no such route in ${folder || 'the repository'}`;
  return { subject: name, what: `${name} ${NO_CHECK}`, evidence: [{ file, line: 1, text }] };
}

const inVain = (system: System, part: Part, routes: readonly Route[]): Draft[] =>
  askedInVain(system, part, routes).map(({ deployment: { file, line, probeLines }, kind, path }) => ({
    subject: part.name,
    what: `The ${kind} probe of ${part.name} asks ${path}, which nothing answers`,
    evidence: [{ file, line: probeLines.liveness ?? line, text: `GET ${path}` }],
  }));

/** The platform asks over HTTP, and no code answers: also where the routes are written and nothing uses them. */
const unanswered = (system: System, part: Part): Draft[] =>
  system.deploymentsOf(part).flatMap(({ file, line, probes, probeLines }) => {
    const asked = [probes.liveness, probes.readiness].find((path) => path?.startsWith('/'));
    if (asked === undefined) return [];
    const what = `${part.name} has no health check: its deployment asks ${asked}, and nothing that runs answers`;
    return [
      { subject: part.name, what, evidence: [{ file, line: probeLines.liveness ?? line, text: `GET ${asked}` }] },
    ];
  });

/** What is ready also while its dependency is away. */
function falselyReady(system: System, part: Part, route: Route): Draft[] {
  const { name: subject } = part;
  const what = asksNothing(system, route)
    ? `The readiness check of ${subject} asks nothing: it is ready also when its database is away`
    : isAlwaysReady(system, route)
      ? `The readiness check of ${subject} answers the same whatever it finds out`
      : `The readiness check of ${subject} asks others, and not its database: it is ready also when that is away`;
  if (!asksNothing(system, route) && !isAlwaysReady(system, route) && !leavesOutDatabase(system, part, route))
    return [];
  return [{ subject, what, evidence: [{ file: route.file.path, line: route.line, text: `GET ${route.path}` }] }];
}

const NEEDED = new RegExp(
  '^(pg|pg-promise|postgres|mysql2?|mongoose|mongodb|typeorm|sequelize|knex|@prisma/client|' +
    '@nestjs/(typeorm|mongoose|sequelize|microservices)|amqplib|kafkajs|nats|ioredis|kysely|slonik|' +
    '@mikro-orm/.+|nestjs-prisma|@golevelup/nestjs-rabbitmq|' +
    '@confluentinc/kafka-javascript|@azure/service-bus|' +
    String.raw`redis|@nats-io/.+)(/promises?)?$`,
);

/** Without what counts requests or keeps answers, a gateway does its work all the same. */
const NOT_BY_GATEWAYS = /^(@nestjs\/microservices|ioredis|redis)$/;

const needsSomething = (system: System, part: Part): boolean =>
  usedFiles(system, part).some((file) =>
    file.imports.some(
      ({ specifier, typeOnly }) =>
        !typeOnly && NEEDED.test(specifier) && !(part.kind === 'gateway' && NOT_BY_GATEWAYS.test(specifier)),
    ),
  );

const PINGS = new RegExp(
  '^(ping|pingCheck|isConnected|checkConnection|checkHealth|isHealthy|query|connect|' +
    String.raw`authenticate|\$queryRaw|runCommand|command|checkDatabase|check)$`,
);

function asksDependency(system: System, route: Route, ready: readonly Route[]): boolean {
  const calls = callsOf(system, route);
  const asks = calls.some(
    (site) =>
      isDatabaseCall(system, site) ||
      CHECKS.test(
        pathOf(site.call.callee as Node)
          .slice(0, -1)
          .join('.'),
      ) ||
      clientOf(system, site) !== undefined ||
      isPing(system, site),
  );
  return asks || sharesCheck(system, { route, ready, calls });
}

/** What is handed in as the questions of readiness: `checks.database()`. */
const CHECKS = /(^|\.)(checks|readinessChecks|dependencies|dependencyChecks)(\.|$)/;

interface Sharing {
  readonly route: Route;
  readonly ready: readonly Route[];
  readonly calls: readonly CallSite[];
}

/** What readiness asks, liveness asks as well: the same call of this repository in both. */
function sharesCheck(system: System, { route, ready, calls }: Sharing): boolean {
  const own = (all: readonly CallSite[], one: Route): string[] =>
    all
      .filter(
        (site) => site.file === one.file && (system.program.calleesOf(site).length > 0 || isHandedIn(system, site)),
      )
      .map(({ call }) => pathOf(call.callee as Node).join('.'))
      .filter((path) => /check|health|ready|result|ping/i.test(path));
  const mine = own(calls, route);
  return ready.some(
    (other) =>
      other !== route &&
      other.handler !== route.handler &&
      own(callsOf(system, other), other).some((path) => mine.includes(path)),
  );
}

/** A function that somebody else hands in: `({ ready }) => …`, `deps.ping()`. */
function isHandedIn({ program }: System, { file, call }: CallSite): boolean {
  const { callee } = call;
  if (program.originOf(file, callee as Node).kind !== 'unknown') return false;
  if (callee.type === 'Identifier') return true;
  const root = callee.type === 'MemberExpression' && callee.object.type === 'Identifier' ? callee.object : undefined;
  const binding = root && program.scopesOf(file).lookUp(root.name, root);
  return binding?.kind === 'value' && binding.declaration === 'parameter';
}

/** A client's own question whether the other side is there; answering the request itself is none. */
function isPing({ program }: System, { file, call }: CallSite): boolean {
  const path = pathOf(call.callee as Node);
  if (!PINGS.test(path.at(-1)!) || path.length < 2) return false;
  const origin = program.originOf(file, call.callee as Node);
  const isTerminus = origin.kind === 'external' && origin.module === '@nestjs/terminus';
  if (isTerminus) return /Indicator/.test(origin.path.join('.')) && !/Memory|Disk/.test(origin.path.join('.'));
  return origin.kind === 'external'
    ? NEEDED.test(origin.module)
    : new RegExp(
        'db|database|pool|client|conn|redis|mongo|prisma|repo|broker|kafka|rabbit|nats|channel|' +
          'sequelize|knex|dataSource',
        'i',
      ).test(path.at(-2)!);
}

/** Its deployment says that nobody asks it how it is. */
const switchedOff = (system: System, part: Part): Draft[] =>
  system.deploymentsOf(part).flatMap(({ isUnchecked, file, line, probeLines }) => {
    if (!isUnchecked) return [];
    const what = `The deployment of ${part.name} switches its health check off`;
    return [
      { subject: part.name, what, evidence: [{ file, line: probeLines.readiness ?? line, text: 'healthcheck' }] },
    ];
  });

/** A container of a service without probes, or with one of which it cannot be told apart which it is. */
function unprobed(system: System, deployment: Deployment): Draft[] {
  const part = [...system.services, ...system.gateways].find((one) => system.deploymentsOf(one).includes(deployment));
  if (!part) return [];
  const { probes, file, line, name } = deployment;
  const missing = (['liveness', 'readiness'] as const).filter((kind) => probes[kind] === undefined);
  const wrong = [
    ...(READY.test(probes.liveness ?? '') ? [restartsForNothing(deployment, part)] : []),
    ...(isAskedWhetherAlive(system, part, deployment) ? [neverUnready(deployment, part)] : []),
    ...diesWithOthers(deployment, part),
  ];
  if (missing.length === 0) return wrong;
  const what = `The deployment of ${part.name} has no ${missing.join(' and no ')} probe`;
  return [...wrong, { subject: part.name, what, evidence: [{ file, line, text: `container of ${name}` }] }];
}

/** A platform that takes what is not ready for dead restarts it when its database is away. */
const restartsForNothing = ({ file, line, probes, probeLines }: Deployment, part: Part): Draft => ({
  subject: part.name,
  what: `The liveness probe of ${part.name} asks whether it is ready: when a dependency is away, it is restarted`,
  evidence: [{ file, line: probeLines.liveness ?? line, text: `livenessProbe: GET ${probes.liveness}` }],
});
