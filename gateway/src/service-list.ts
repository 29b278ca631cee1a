import type { Answer, Exchange } from '@ashlar/gateway';
import type { ReplicaStatus, RunningReplicas, ServiceReplica, Services } from './services.ts';

/** Every service with its replicas, as they are at this moment. */
export async function listServices(services: Services, exchange: Exchange): Promise<Answer> {
  const items = await Promise.all(services.running().map((running) => describe(services, running, exchange)));
  return { status: 200, body: { items } };
}

async function describe(services: Services, { service, replicas }: RunningReplicas, exchange: Exchange) {
  const described = await Promise.all(replicas.map((replica) => describeReplica(services, replica, exchange)));
  return { service, status: overall(described.map(({ status }) => status)), replicas: described };
}

async function describeReplica(services: Services, told: ServiceReplica, exchange: Exchange) {
  const { replica, pid, url, version, startedAt } = told;
  const hasAddress = url !== '';
  const [status, breakers] = await Promise.all([
    hasAddress ? statusOf(services, told) : (told.status ?? 'starting'),
    hasAddress ? services.askReplica(url, { method: 'GET', path: '/ops/breakers', exchange }) : undefined,
  ]);
  return {
    replica,
    pid,
    url,
    status,
    version,
    startedAt,
    breakers: breakers?.status === 200 ? itemsIn(breakers.body) : [],
  };
}

/** What the replica says of itself; what has been told to stop is not asked. */
async function statusOf(services: Services, { url, status = 'ready' }: ServiceReplica): Promise<ReplicaStatus> {
  if (status === 'draining' || status === 'down') return status;
  const answer = await services.askReplica(url, { method: 'GET', path: '/readyz' });
  if (answer?.status === 200) return 'ready';
  const phase = (answer?.body as { readonly status?: unknown } | undefined)?.status;
  return phase === 'starting' || phase === 'draining' ? phase : 'down';
}

/** A service is as well as its best replica. */
const BEST_FIRST: readonly ReplicaStatus[] = ['ready', 'starting', 'draining'];

const overall = (statuses: readonly ReplicaStatus[]): ReplicaStatus =>
  BEST_FIRST.find((status) => statuses.includes(status)) ?? 'down';

const itemsIn = (body: unknown): unknown => (body as { readonly items?: unknown } | undefined)?.items ?? [];
