import { setTimeout as pause } from 'node:timers/promises';
import { hostService, type RunningService } from '@ashlar/host';
import { createTelemetry, type Logger } from '@ashlar/telemetry';
import { explain } from './explain.ts';
import type { ReplicaSettings } from './supervision/protocol.ts';
import { SupervisorChannel } from './supervision/supervisor-channel.ts';
import { type Leaving, takeLeave } from './supervision/take-leave.ts';
import { connectBroker } from './topology/broker.ts';
import { gatewayVerifier } from './topology/issuer.ts';
import { loadService } from './topology/shop-services.ts';

// One replica of a service: the program that the supervisor of `ashlar up --topology processes` starts for each.

const FLUSHED_WITHIN_MS = 5_000;
/** Without a supervisor nobody sends us anything: time enough to give leases back. */
const ALONE_MS = 2_000;

interface Running extends Leaving {
  readonly service: RunningService;
  readonly log: Logger;
}

let running: Running | undefined;

const channel = new SupervisorChannel(() => {
  Promise.race([running?.stop(), pause(ALONE_MS)]).finally(() => process.exit(1));
});

async function open(settings: ReplicaSettings): Promise<Running> {
  const { service: name, replica, version, databaseUrl, replicaUrls, maxConnections, shop } = settings;
  const { logLevel, sampling, otlpEndpoint } = settings;
  const telemetry = createTelemetry({ service: name, logLevel, ...sampling, ...(otlpEndpoint && { otlpEndpoint }) });
  const onError = (error: unknown) => telemetry.log.warn({ err: error, replica }, 'The broker is in trouble.');
  const definition = await loadService(name, shop);
  // Not meanwhile: loading keeps the process from hearing the broker in time, where many load at once.
  const bus = await connectBroker(settings, onError);
  const service = await hostService({
    definition,
    version,
    replica,
    databaseUrl,
    replicaUrls,
    bus,
    telemetry,
    verifier: gatewayVerifier(settings.gatewayKeys),
    maxConnections,
    flushWithinMs: FLUSHED_WITHIN_MS,
    checks: { bus: () => bus.check() },
  });
  return {
    service,
    log: telemetry.log,
    startDraining: () => service.server.startDraining(),
    stop: () => service.stop().finally(() => bus.close()),
  };
}

async function run(): Promise<void> {
  const { settings } = await channel.start;
  running = await open(settings);
  const { service, log } = running;
  channel.onDied = (name) =>
    void service
      .takeOver(name)
      .catch((error) => log.warn({ err: error }, 'What a dead replica had waits for its end.'));
  await channel.report({ type: 'listening', url: service.url });
  await channel.begin;
  await service.begin();
  await channel.report({ type: 'ready' });
}

const ask = channel.askedToEnd.then(() => 'asked' as const);

try {
  const first = await Promise.race([run(), ask]);
  // Who is told to end before it has begun has nothing to finish.
  if (first !== 'asked') {
    await ask;
    await takeLeave(running!, channel);
  }
  process.exit(0);
} catch (error) {
  await channel.report({ type: 'failed', lines: explain(error) });
  process.exit(1);
}
