import { setTimeout as pause } from 'node:timers/promises';
import { MOST_REPLICAS, parseCounts } from '../replica-counts.ts';
import { UsageError } from '../settings.ts';
import { SERVICES } from '../topology/shop-services.ts';
import { OperationError } from './operation.error.ts';
import type { Operator } from './operator.ts';

interface ReplicaView {
  readonly replica: string;
  readonly status: string;
  readonly breakers?: readonly { readonly name: string; readonly state: string }[];
}

interface ServiceView {
  readonly service: string;
  readonly replicas: readonly ReplicaView[];
}

export type ReplicaRow = ReplicaView & { readonly service: string };

interface RestartView {
  readonly state: 'none' | 'running' | 'done' | 'failed';
  readonly replaced: readonly string[];
  readonly left: readonly string[];
  readonly error?: string;
}

const LOOK_AGAIN_MS = 250;
const SCALED_WITHIN_MS = 120_000;

const servicesOf = async (operator: Operator): Promise<readonly ServiceView[]> =>
  (await operator.ask<{ items: ServiceView[] }>('GET /ops/services')).items;

/** Every replica, a row each. */
export const replicas = async (operator: Operator): Promise<readonly ReplicaRow[]> =>
  (await servicesOf(operator)).flatMap(({ service, replicas: all }) => all.map((one) => ({ service, ...one })));

/** Has services have so many replicas; resolves when they have them, all ready. */
export async function scale(operator: Operator, words: readonly string[]): Promise<readonly ReplicaRow[]> {
  const counts = parseCounts(words, SERVICES);
  if (!counts)
    throw new UsageError([`Say which service is to have how many replicas (1 to ${MOST_REPLICAS}): order=3`]);
  for (const [service, wanted] of Object.entries(counts)) {
    await operator.ask(`PUT /ops/services/${service}`, { replicas: wanted });
  }
  const isReached = ({ service, replicas: all }: ServiceView): boolean =>
    counts[service] === undefined || (all.length === counts[service] && all.every(({ status }) => status === 'ready'));
  const giveUpAt = performance.now() + SCALED_WITHIN_MS;
  while (!(await servicesOf(operator)).every(isReached)) {
    if (performance.now() > giveUpAt)
      throw new OperationError('the replicas are not all ready yet: ashlar services tells how they are.');
    await pause(LOOK_AGAIN_MS);
  }
  return replicas(operator);
}

/** Has replicas replaced one at a time, of these services or of all; resolves when it is done. */
export async function restart(operator: Operator, services: readonly string[]): Promise<readonly ReplicaRow[]> {
  let view = await operator.ask<RestartView>('POST /ops/restart', services.length > 0 ? { services } : {});
  while (view.state === 'running') {
    await pause(LOOK_AGAIN_MS);
    view = await operator.ask<RestartView>('GET /ops/restart');
  }
  if (view.state === 'failed')
    throw new OperationError(`the restart has stopped (${view.error}); left as they were: ${view.left.join(', ')}.`);
  return replicas(operator);
}
