import { type RoundTrips, summaryOf } from '@ashlar/postgres';
import { currentContext, type RequestContext, type Tracing } from '@ashlar/telemetry';

/** A span for each round trip that somebody's work waits for; what the service does by itself has none. */
export function tracedStatements(tracing: Tracing, databaseUrl: string): RoundTrips<RequestContext> {
  const { hostname, pathname } = new URL(databaseUrl);
  const place = {
    'db.system.name': 'postgresql',
    'db.namespace': decodeURIComponent(pathname.slice(1)),
    'server.address': hostname,
  };
  return {
    origin: currentContext,
    sent(statements, origin) {
      if (!origin?.trace.sampled) return () => {};
      const summary = statements.map(summaryOf).join('; ');
      const attributes = { ...place, 'db.query.summary': summary, 'db.operation.batch.size': statements.length };
      const span = tracing.begin({ name: summary.slice(0, LONGEST_NAME), kind: 'client', attributes }, origin);
      return span.end;
    },
  };
}

const LONGEST_NAME = 80;
