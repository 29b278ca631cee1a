import { outboundCalls } from '../facts/outbound.ts';
import { isOfProbe } from '../facts/probe-routes.ts';
import type { Commit, History } from '../history/change-coupling.ts';
import type { Thresholds } from '../model/architecture-file.ts';
import type { System } from '../model/system.ts';
import type { Model } from '../model.ts';
import { groupBy } from '../source/group-by.ts';
import { isGatewayName } from '../traces/service-names.ts';
import type { TraceFacts } from '../traces/trace-facts.ts';
import { circlesOf } from './circles.ts';
import type { Draft, Evidence, Judgement, Rule } from './rule.ts';
import { merge, NOTHING } from './rule.ts';
import { inTrace, seenInTraces, thresholdsOf } from './trace-evidence.ts';

/** Services can run, and change, alone. */
export const distributedMonolith: Rule = {
  id: 'distributed-monolith',
  title: 'No distributed monolith',
  items: ['distributed-monolith'],
  severity: 'error',
  why:
    'Services that cannot answer, start or change without each other have the ' +
    'costs of a distributed system and the freedom of a monolith.',
  mend:
    'Let one of them publish what the other needs to know, and keep a copy ' +
    'there; move what always changes together into one service.',
  judge: (model) => merge(model.system ? judge(model.system) : NOTHING, seen(model), changedTogether(model)),
};

function judge(system: System): Judgement {
  const isOne = system.services.length < 2;
  return {
    findings: [...cycles(system), ...throughTheFront(system), ...startsAfter(system), ...readyAfter(system)],
    judged: isOne ? [] : system.services.map(({ name }) => name),
    unknown: isOne ? [{ subject: 'the repository', why: 'Only one service was found.' }] : [],
  };
}

/** Services that wait for each other in a circle; each circle is told once. */
function cycles(system: System): Draft[] {
  const edges = outboundCalls(system).filter(
    ({ part, target }) => target !== undefined && part.kind === 'service' && target.kind === 'service',
  );
  const named = edges.map((edge) => ({ ...edge, from: edge.part.name, to: edge.target!.name }));
  return circlesOf(named).map((circle) => {
    const names = circle.map(({ part }) => part.name);
    return {
      subject: [...names].sort().join(', '),
      what: `${[...names, names[0]].join(' → ')}: they wait for each other in a circle`,
      evidence: circle.map(({ file, line, part, target }) => ({
        file: file.path,
        line,
        text: `${part.name} → ${target!.name}`,
      })),
    };
  });
}

/** What stands before the services asks them: who asks it waits for itself, and for all the others behind it. */
function throughTheFront(system: System): Draft[] {
  const asked = outboundCalls(system).filter(
    ({ part, target }) => part.kind === 'service' && target?.kind === 'gateway',
  );
  return [...groupBy(asked, ({ part, target }) => `${part.name} ${target!.name}`).values()].map((same) => {
    const { part, target } = same[0]!;
    return {
      subject: part.name,
      what: `${part.name} → ${target!.name} → ${part.name}: it asks the gateway that it stands behind`,
      evidence: same
        .slice(0, 3)
        .map(({ file, line }) => ({ file: file.path, line, text: file.lines[line - 1]!.trim() })),
      mend: 'Ask the service itself, or keep a copy of what it publishes.',
    };
  });
}

/** A service that is only started after another one cannot start alone. */
function startsAfter(system: System): Draft[] {
  return system.services.flatMap((part) =>
    system.deploymentsOf(part).flatMap(({ dependsOn, file, line, name, kind }) =>
      dependsOn.flatMap((other) => {
        const target = system.services.find(
          (one) =>
            one !== part &&
            system
              .deploymentsOf(one)
              .some((deployed) => deployed.name === other && (deployed.file === file || deployed.kind !== 'compose')),
        );
        if (!target) return [];
        const what = `${part.name} is only started after ${target.name}: it cannot start alone`;
        return [
          {
            subject: part.name,
            what,
            evidence: [{ file, line, text: `${name}: ${kind === 'compose' ? 'depends_on' : 'waits for'}: ${other}` }],
            severity: 'warning' as const,
          },
        ];
      }),
    ),
  );
}

/** A service that asks another one whether it is itself ready: when that is away, both are. */
const readyAfter = (system: System): Draft[] =>
  outboundCalls(system)
    .filter((call) => call.part.kind === 'service' && call.target?.kind === 'service' && isOfProbe(system, call))
    .map(({ part, target, file, line }) => ({
      subject: part.name,
      what: `${part.name} is only ready while ${target!.name} answers: it cannot run alone`,
      evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }],
      severity: 'warning' as const,
      mend: 'Let it be ready with what it has itself, and let a breaker answer for the other one.',
    }));

const seen = (model: Model): Judgement =>
  seenInTraces(
    model,
    ({ services }) => services,
    (traces, thresholds) => [
      ...deepChains(traces, thresholds),
      ...seenCycles(traces),
      ...failTogether(traces, thresholds),
    ],
  );

/** Gateways stand before the services, and are no part of the chain. */
function deepChains({ chains }: TraceFacts, { synchronousDepth }: Thresholds): Draft[] {
  const deep = chains
    .map((chain) => ({ ...chain, behind: chain.services.filter((name, at) => at > 0 || !isGatewayName(name)) }))
    .filter(({ behind }) => behind.length - 1 > synchronousDepth)
    .sort((one, other) => other.behind.length - one.behind.length);
  const byEntry = groupBy(deep, ({ behind }) => behind[0]!);
  return [...byEntry].map(([entry, same]) => ({
    subject: entry,
    what:
      `A request to ${entry} waits for ${same[0]!.behind.length - 1} services ` +
      `behind each other, in ${same.length} ways`,
    evidence: same.slice(0, 3).map(({ example }) => inTrace(example)),
  }));
}

/** Services that wait for each other: in one request, or each in requests of its own. */
function seenCycles({ pairs }: TraceFacts): Draft[] {
  const between = pairs.filter(
    ({ isSynchronous, from, to }) => isSynchronous && !isGatewayName(from) && !isGatewayName(to),
  );
  return circlesOf(between).map((circle) => {
    const names = circle.map(({ from }) => from);
    return {
      subject: [...names].sort().join(', '),
      what: `${[...names, names[0]].join(' → ')}: they wait for each other in a circle`,
      evidence: circle.map(({ example }) => inTrace(example)),
    };
  });
}

const ENOUGH = 10;

function failTogether({ failing }: TraceFacts, { availabilityShare }: Thresholds): Draft[] {
  return failing
    .filter(({ failed, failedAsAWhole }) => failed >= ENOUGH && failedAsAWhole / failed >= availabilityShare)
    .map(({ service, failed, failedAsAWhole, example }) => ({
      subject: service,
      what:
        `When ${service} fails, ${Math.round((100 * failedAsAWhole) / failed)} % ` +
        `of the requests that need it fail as a whole (${failedAsAWhole} of ${failed})`,
      evidence: [inTrace(example)],
      severity: 'warning' as const,
    }));
}

/** Services that are seldom changed one without the other. */
function changedTogether(model: Model): Judgement {
  const { history } = model;
  const thresholds = thresholdsOf(model);
  if (!history || (model.system?.services.length ?? 0) < 2) return NOTHING;
  const isJudged = history.commits >= thresholds.coupledCommits;
  return {
    judged: isJudged ? model.system!.services.map(({ name }) => name) : [],
    unknown: isJudged ? [] : [{ subject: 'the history', why: whyUnjudged(history) }],
    findings: coupledIn(history, thresholds),
  };
}

const whyUnjudged = ({ commits, extent }: History): string => {
  if (extent === 'none') return 'There are no commits of git: what changes together is not known.';
  const few =
    commits === 0 ? 'No commit touches' : commits === 1 ? 'Only one commit touches' : `Only ${commits} commits touch`;
  const why = extent === 'shallow' ? ' The clone is shallow: `git fetch --unshallow` brings the others.' : '';
  return `${few} services: too few to tell what changes together.${why}`;
};

function coupledIn(history: History, { coupledCommits, coupledShare }: Thresholds): Draft[] {
  const coupled = history.couplings.filter(
    ({ together, either }) => together >= coupledCommits && together / either >= coupledShare,
  );
  const isScattered =
    coupled.length === 0 && history.across >= coupledCommits && history.across / history.commits >= coupledShare;
  const scattered = {
    subject: 'the history',
    what: `${history.across} of ${history.commits} commits that touch a service touch two or more`,
    evidence: history.examples.map(inCommit),
    severity: 'warning' as const,
    mend: MOVE_TOGETHER,
  };
  return [
    ...coupled.map(({ services, together, either, commits }) => ({
      subject: services.join(', '),
      what:
        `${services.join(' and ')} change together: ${together} of ${either} commits ` +
        `that touch the one touch the other`,
      evidence: commits.map(inCommit),
      severity: 'warning' as const,
      mend: MOVE_TOGETHER,
    })),
    ...(isScattered ? [scattered] : []),
  ];
}

const inCommit = ({ hash, subject }: Commit): Evidence => ({ text: `commit ${hash} ${subject}` });

const MOVE_TOGETHER = 'Find the fact that both know, and give it to one of them; or make them one service.';
