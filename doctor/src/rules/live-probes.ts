import type { LiveReplica, RunningSystem } from '../live/running-system.ts';
import type { Draft, Judgement } from './rule.ts';
import { NOTHING } from './rule.ts';

/** What the replicas of a running system answer to their probes. */
export function probed(running: RunningSystem | undefined): Judgement {
  if (!running) return NOTHING;
  const { services, replicas } = running;
  const gone = services.filter((name) => !replicas.some(({ service }) => service === name));
  return {
    judged: services,
    unknown: [],
    findings: [
      ...gone.map((subject) => ({
        subject,
        what: `Of ${subject} no replica runs`,
        evidence: [{ text: 'GET /ops/services: it has no replicas' }],
      })),
      ...replicas.flatMap((replica) => [...lives(replica), ...isReady(replica)]),
    ],
  };
}

const answered = ({ url }: LiveReplica, path: string, status: number | undefined) => [
  { text: `GET ${url}${path}: ${status ?? 'no answer'}` },
];

function lives(one: LiveReplica): Draft[] {
  const { service: subject, replica, live } = one;
  const evidence = answered(one, '/livez', live.status);
  if (live.status !== 200) return [{ subject, what: `${replica} does not answer that it is alive`, evidence }];
  if (live.checks.length === 0) return [];
  return [{ subject, what: `The liveness check of ${replica} asks ${live.checks.join(', ')}`, evidence }];
}

function isReady(one: LiveReplica): Draft[] {
  const { service: subject, replica, ready, status } = one;
  const evidence = answered(one, '/readyz', ready.status);
  if (ready.status !== 200) {
    return status === 'draining' ? [] : [{ subject, what: `${replica} is not ready`, evidence, severity: 'warning' }];
  }
  if (ready.checks.length > 0) return [];
  return [{ subject, what: `The readiness check of ${replica} asks nothing`, evidence }];
}
