import { probesOf, READY } from '../facts/probe-routes.ts';
import { asksNothing } from '../facts/readiness.ts';
import type { Deployment } from '../model/deployment.ts';
import type { Part } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import type { Draft } from './rule.ts';

/** Both probes ask one path that asks nothing, though there is another one that says whether it is ready. */
export function isAskedWhetherAlive(system: System, part: Part, { probes }: Deployment): boolean {
  const { readiness: path } = probes;
  if (path === undefined || path !== probes.liveness || READY.test(path)) return false;
  const { live, ready } = probesOf(system, part);
  const asked = live.find((one) => one.path === path);
  return asked !== undefined && asksNothing(system, asked) && ready.some((one) => READY.test(one.path));
}

/** What is told of such a deployment. */
export const neverUnready = ({ file, line, probes, probeLines }: Deployment, part: Part): Draft => ({
  subject: part.name,
  what: `The readiness probe of ${part.name} asks whether it is alive: requests come also while its database is away`,
  evidence: [{ file, line: probeLines.readiness ?? line, text: `readinessProbe: GET ${probes.readiness}` }],
});

/** A command, and no file of that name: `sh -c "pg_isready -h db"`. */
const ASKS_OTHERS = new RegExp(
  String.raw`(^|[;&|(!]\s*|\s-\w*c\s+['"]?)((exec|timeout\s+\S+)\s+)?([\w./-]*/)?` +
    '(pg_isready|psql|mysqladmin|mysql|mongosh?|redis-cli|rabbitmq-diagnostics|kafka-topics(\\.sh)?|nats)' +
    String.raw`(?=[\s'";&|)]|$)`,
);

/** Its container is restarted when a dependency does not answer: liveness runs the client of one. */
export const diesWithOthers = ({ file, line, liveCommand = '', probeLines }: Deployment, part: Part): Draft[] =>
  ASKS_OTHERS.test(liveCommand)
    ? [
        {
          subject: part.name,
          what: `The liveness probe of ${part.name} asks a dependency: when that is away, it is restarted for nothing`,
          evidence: [{ file, line: probeLines.liveness ?? line, text: `livenessProbe: ${liveCommand}` }],
        },
      ]
    : [];
