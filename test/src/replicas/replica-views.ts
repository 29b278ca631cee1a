import type { ServiceName } from '../shop/databases.ts';
import type { Shop } from '../shop/shop.ts';
import { eventually } from '../shop/waiting.ts';

export interface ReplicaView {
  readonly service: ServiceName;
  readonly replica: string;
  readonly pid: number;
  readonly url: string;
  readonly status: 'starting' | 'ready' | 'draining' | 'down';
}

interface ServiceView {
  readonly service: ServiceName;
  readonly replicas: readonly Omit<ReplicaView, 'service'>[];
}

/** The replicas of all services, as the operators see them. */
export async function replicasOf(shop: Shop): Promise<readonly ReplicaView[]> {
  const admin = await shop.admin();
  const { items } = await admin.get<{ items: readonly ServiceView[] }>('/ops/services');
  return items.flatMap(({ service, replicas }) => replicas.map((replica) => ({ service, ...replica })));
}

/** Those of a service that are ready. */
export const readyOf = async (shop: Shop, service: string): Promise<readonly ReplicaView[]> =>
  (await replicasOf(shop)).filter((one) => one.service === service && one.status === 'ready');

/** Those of a service that there are to be, ready or not. */
export const countOf = async (shop: Shop, service: string): Promise<number> =>
  (await replicasOf(shop)).filter((one) => one.service === service).length;

export const untilReady = (shop: Shop, service: string, count: number): Promise<void> =>
  eventually(`${count} replicas of ${service} are ready`, async () => {
    const all = (await replicasOf(shop)).filter((one) => one.service === service);
    return all.length === count && all.every(({ status }) => status === 'ready');
  });
