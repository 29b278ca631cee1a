import { brokerOf } from '../facts/instrumentations.ts';
import { loadedFiles } from '../facts/loaded.ts';
import { messageUses } from '../facts/messages.ts';
import { routesIn } from '../facts/routes.ts';
import type { Deployment } from '../model/deployment.ts';
import type { Part } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import type { Draft } from './rule.ts';

/** An SDK that its deployment switches off, as a whole or for what matters, or whose spans it has go nowhere. */
export const switchedOff = (system: System, part: Part): Draft[] =>
  system.deploymentsOf(part).flatMap((deployment) => {
    const { environment } = deployment;
    const name =
      SWITCHES.find(([setting, off]) => off.test(environment[setting] ?? ''))?.[0] ?? begins(part, environment);
    if (name === undefined) return leftOut(system, part, deployment);
    if (name === EXPORTER && exportsByItself(system, part)) return [];
    const what = `Nothing of ${part.name} is in any trace: its deployment switches the tracing off`;
    return [draft(part, deployment, { name, what })];
  });

/** `parentbased_always_off` keeps what others have begun, which a gateway has nobody for. */
const begins = ({ kind }: Part, environment: Deployment['environment']): string | undefined =>
  kind === 'gateway' && /always_off$/i.test(environment[SAMPLER] ?? '') ? SAMPLER : undefined;

const SAMPLER = 'OTEL_TRACES_SAMPLER';
const EXPORTER = 'OTEL_TRACES_EXPORTER';
const SWITCHES = [
  ['OTEL_SDK_DISABLED', /^true$/i],
  [EXPORTER, /^none$/i],
  [SAMPLER, /^always_off$/i],
  ['DD_TRACE_ENABLED', /^(false|0)$/i],
] as const;

function draft({ name: subject }: Part, deployment: Deployment, { name, what }: { name: string; what: string }): Draft {
  const { file, line, environment, environmentLines } = deployment;
  const text = `${name}: ${environment[name]}`;
  return { subject, what, evidence: [{ file, line: environmentLines[name] ?? line, text }] };
}

const OFF = 'OTEL_NODE_DISABLED_INSTRUMENTATIONS';
const ON = 'OTEL_NODE_ENABLED_INSTRUMENTATIONS';

/** `OTEL_NODE_DISABLED_INSTRUMENTATIONS=kafkajs`, where the part sends and hears by that. */
function leftOut(system: System, part: Part, deployment: Deployment): Draft[] {
  const listed = (name: string): readonly string[] =>
    (deployment.environment[name] ?? '').split(',').flatMap((one) => one.trim() || []);
  const [off, on] = [listed(OFF), listed(ON)];
  if (off.length + on.length === 0) return [];
  const isLeftOut = (library: string): boolean => off.includes(library) || (on.length > 0 && !on.includes(library));
  const name = off.length > 0 ? OFF : ON;
  const brokers = messageUses(system).flatMap((use) => (use.part === part ? (brokerOf(system, use) ?? []) : []));
  const answers = system.filesOf(part).some((file) => (routesIn(system).get(file) ?? []).length > 0);
  const messages = `Messages of ${part.name} travel without the trace: its deployment leaves their broker out`;
  const requests = `Requests to ${part.name} are in no trace: its deployment leaves HTTP out`;
  return [
    ...(brokers.some(isLeftOut) ? [draft(part, deployment, { name, what: messages })] : []),
    ...(answers && isLeftOut('http') ? [draft(part, deployment, { name, what: requests })] : []),
  ];
}

/** What the code says of the exporter comes before the setting. */
const exportsByItself = (system: System, part: Part): boolean =>
  loadedFiles(system, part).some(({ lines }) => /traceExporter|[sS]panProcessor/.test(lines.join('\n')));
