import type { PostgresDatabase } from '@ashlar/postgres';
import { breakerMetrics, collected, processMetrics, type Registry } from '@ashlar/telemetry';
import type { BreakerView } from './service.ts';

export interface SaturableParts {
  readonly db: Pick<PostgresDatabase, 'connections'>;
  readonly maxConnections: number;
  readonly breakers: () => readonly BreakerView[];
}

/** What runs full, or is out of use: the event loop, connections to the database, and the outside by its breakers. */
export function saturationMetrics({ db, maxConnections, breakers }: SaturableParts, registry: Registry): void {
  processMetrics(registry);
  breakerMetrics(registry, breakers);
  const gauge = (name: string, help: string) => ({ name, help, type: 'gauge' }) as const;
  collected(registry, gauge('db_client_connections', 'Connections to the database.'), () => {
    const { busy, idle } = db.connections;
    return [
      { labels: { state: 'idle' }, value: idle },
      { labels: { state: 'used' }, value: busy },
    ];
  });
  const most = gauge('db_client_connections_max', 'So many connections there may be.');
  collected(registry, most, () => [{ labels: {}, value: maxConnections }]);
  const waiting = gauge('db_client_connection_pending_requests', 'Work that waits for a connection.');
  collected(registry, waiting, () => [{ labels: {}, value: db.connections.waiting }]);
}
