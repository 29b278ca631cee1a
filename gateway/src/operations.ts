import type { Exchange, LocalRoute } from '@ashlar/gateway';
import type { SpanRecorder } from '@ashlar/telemetry';
import { type ArchitectureReports, readReport } from './architecture-report.ts';
import { eventTree } from './event-tree.ts';
import { type FleetControl, readRestart, restartServices, scaleService } from './fleet.ts';
import { doneByItsOwner, fromItsOwner, mergedList } from './merged-list.ts';
import { archiveEnded, joinedList, rebuildProjection } from './read-models.ts';
import { republish } from './republish.ts';
import { fieldsOf } from './request-body.ts';
import { readSandbox, type SandboxControl, setSandbox } from './sandbox.ts';
import { listServices } from './service-list.ts';
import type { Services } from './services.ts';
import { rotateSigningKey } from './signing-keys.ts';
import { listTraces, readTrace } from './traces.ts';

export interface OperationsOptions {
  /** What this gateway remembers of recent traces. */
  readonly recorder: SpanRecorder;
  readonly reports?: ArchitectureReports | undefined;
  readonly sandbox?: SandboxControl | undefined;
  readonly fleet?: FleetControl | undefined;
}

/** What operators see and do, across all services. */
export function operations(
  services: Services,
  { recorder, reports, sandbox, fleet }: OperationsOptions,
): readonly LocalRoute[] {
  const access = 'admin';
  const list = (exchange: Exchange) => mergedList(services, exchange);
  const find = (exchange: Exchange) => fromItsOwner(services, exchange);
  const act = withoutBody((exchange) => doneByItsOwner(services, exchange));
  return [
    { method: 'GET', path: '/ops/services', access, handle: (exchange) => listServices(services, exchange) },
    ...fleetRoutes(fleet),
    { method: 'GET', path: '/ops/sagas', access, handle: list },
    { method: 'GET', path: '/ops/sagas/:id', access, handle: find },
    { method: 'POST', path: '/ops/sagas/:id/retry', access, handle: act },
    { method: 'GET', path: '/ops/dead-letters', access, handle: list },
    { method: 'GET', path: '/ops/dead-letters/:id', access, handle: find },
    { method: 'DELETE', path: '/ops/dead-letters/:id', access, handle: act },
    { method: 'POST', path: '/ops/dead-letters/:id/replay', access, handle: act },
    { method: 'GET', path: '/ops/projections', access, handle: (exchange) => joinedList(services, exchange) },
    {
      method: 'POST',
      path: '/ops/projections/:name/rebuild',
      access,
      handle: withoutBody((exchange) => rebuildProjection(services, exchange)),
    },
    { method: 'GET', path: '/ops/consumers', access, handle: (exchange) => joinedList(services, exchange) },
    { method: 'GET', path: '/ops/events', access, handle: (exchange) => eventTree(services, exchange) },
    {
      method: 'POST',
      path: '/ops/events/republish',
      access,
      handle: withoutBody((exchange) => republish(services, exchange)),
    },
    signingKeyRoute(services),
    ...traceRoutes(services, recorder),
    { method: 'GET', path: '/ops/doctor', access, handle: (exchange) => readReport(reports, exchange) },
    {
      method: 'POST',
      path: '/ops/archive',
      access,
      handle: withoutBody((exchange) => archiveEnded(services, exchange)),
    },
    { method: 'GET', path: '/ops/sandbox', access, handle: () => readSandbox(sandbox) },
    { method: 'PUT', path: '/ops/sandbox', access, handle: (exchange) => setSandbox(sandbox, exchange) },
  ];
}

/** All is said by the path: what is sent all the same is refused, so that no misspelt wish looks granted. */
const withoutBody =
  (handle: LocalRoute['handle']): LocalRoute['handle'] =>
  async (exchange) => {
    fieldsOf(exchange, []);
    return handle(exchange);
  };

const signingKeyRoute = (services: Services): LocalRoute => ({
  method: 'POST',
  path: '/ops/signing-keys/rotation',
  access: 'admin',
  handle: withoutBody((exchange) => rotateSigningKey(services, exchange)),
});

const traceRoutes = (services: Services, recorder: SpanRecorder): readonly LocalRoute[] => [
  {
    method: 'GET',
    path: '/ops/traces',
    access: 'admin',
    handle: (exchange) => listTraces(services, recorder, exchange),
  },
  {
    method: 'GET',
    path: '/ops/traces/:traceId',
    access: 'admin',
    handle: (exchange) => readTrace(services, recorder, exchange),
  },
];

const fleetRoutes = (fleet: FleetControl | undefined): readonly LocalRoute[] => [
  {
    method: 'PUT',
    path: '/ops/services/:service',
    access: 'admin',
    handle: async (exchange) => scaleService(fleet, exchange),
  },
  {
    method: 'POST',
    path: '/ops/restart',
    access: 'admin',
    handle: async (exchange) => restartServices(fleet, exchange),
  },
  { method: 'GET', path: '/ops/restart', access: 'admin', handle: async () => readRestart(fleet) },
];
