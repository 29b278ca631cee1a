import type { BreakerView, ServicePlatform } from '@ashlar/host';
import type { ConsumerDefinition, Subscription } from '@ashlar/messaging';
import { MessageProjection, type Projection } from '@ashlar/projection';
import { RedisLink, RedisReadModel } from '@ashlar/projection-redis';
import type { OrderReads } from '../application/ports/order-reads.interface.ts';
import type { OrderViews, ViewedOrder } from '../application/ports/order-views.interface.ts';
import { RoutedOrderReads } from '../infrastructure/read-models/order-reads.impl.ts';
import { ORDER_VIEWS, PostgresOrderViews, storedOrders } from '../infrastructure/read-models/order-views.impl.ts';
import type { RecentChanges } from '../infrastructure/read-models/recent-changes.ts';
import { RedisOrderViews } from '../infrastructure/read-models/redis-order-views.impl.ts';
import { StoredOrderViews } from '../infrastructure/read-models/stored-order-views.impl.ts';

/** Where the orders are kept for those who read them. */
export type ReadModels = 'postgres' | { readonly redisUrl: string; readonly namespace: string };

/** The read side of the orders: who feeds it, who reads it, and what runs for it. */
export interface ReadSide {
  readonly views: OrderViews;
  readonly reads: OrderReads;
  readonly projection: Projection;
  consumer(subscriptions: readonly Subscription[]): ConsumerDefinition;
  breakers(): readonly BreakerView[];
  stop(): Promise<void>;
}

interface ReadSideOptions<Kind = ReadModels> {
  readonly readModels: Kind;
  readonly recent: RecentChanges;
}

export const readSideOf = (platform: ServicePlatform, { readModels, recent }: ReadSideOptions): ReadSide =>
  readModels === 'postgres' ? inPostgres(platform, recent) : inRedis(platform, { readModels, recent });

const onErrorOf =
  ({ telemetry }: ServicePlatform) =>
  (error: unknown) =>
    telemetry.log.error({ err: error }, 'The read side of the orders could not be looked after; it is tried again.');

function inPostgres(platform: ServicePlatform, recent: RecentChanges): ReadSide {
  const { db, reads, timers } = platform;
  const onError = onErrorOf(platform);
  const projection = new MessageProjection({ ...ORDER_VIEWS, db, restatement: storedOrders, timers, onError });
  const views = new PostgresOrderViews(reads.at('any'), projection);
  const stored = new StoredOrderViews(reads);
  return {
    views,
    reads: new RoutedOrderReads({ stored, views, recent, isFilled: () => projection.isFilled() }),
    projection,
    consumer: (subscriptions) => projection.consumer(subscriptions),
    breakers: () => [],
    stop: async () => {},
  };
}

function inRedis(platform: ServicePlatform, options: ReadSideOptions<Exclude<ReadModels, 'postgres'>>): ReadSide {
  const { readModels, recent } = options;
  const { redisUrl, namespace } = readModels;
  const { db, reads, timers, telemetry } = platform;
  const redis = new RedisLink({
    url: redisUrl,
    onError: (error) => telemetry.log.debug({ err: error }, 'Redis is away; reads are answered by PostgreSQL.'),
  });
  const stored = new StoredOrderViews(reads);
  const projection = new RedisReadModel<ViewedOrder>({
    name: ORDER_VIEWS.name,
    namespace,
    db,
    redis,
    source: async (id) => {
      const view = await stored.find(id, 'newest');
      return view && { version: view.version, value: view.order };
    },
    timers,
    onError: onErrorOf(platform),
  });
  const views = new RedisOrderViews(projection, stored);
  return {
    views,
    reads: new RoutedOrderReads({ stored, views, recent, isFilled: async () => true }),
    projection,
    consumer: (subscriptions) => projection.consumer(subscriptions),
    breakers: () => [{ name: 'redis', ...breakerOf(redis) }],
    stop: async () => {
      await projection.close();
      redis.close();
    },
  };
}

const breakerOf = ({ breaker: { state, failureRate } }: RedisLink) => ({ state, failureRate });
