import type { Exchange, LocalRoute } from '@ashlar/gateway';
import { doneByItsOwner, fromItsOwner, mergedList } from './merged-list.ts';
import { readSandbox, type SandboxControl, setSandbox } from './sandbox.ts';
import { listServices } from './service-list.ts';
import type { Services } from './services.ts';

/** What operators see and do, across all services. */
export function operations(services: Services, sandbox: SandboxControl | undefined): readonly LocalRoute[] {
  const access = 'admin';
  const list = (exchange: Exchange) => mergedList(services, exchange);
  const find = (exchange: Exchange) => fromItsOwner(services, exchange);
  const act = (exchange: Exchange) => doneByItsOwner(services, exchange);
  return [
    { method: 'GET', path: '/ops/services', access, handle: (exchange) => listServices(services, exchange) },
    { method: 'GET', path: '/ops/sagas', access, handle: list },
    { method: 'GET', path: '/ops/sagas/:id', access, handle: find },
    { method: 'POST', path: '/ops/sagas/:id/retry', access, handle: act },
    { method: 'GET', path: '/ops/dead-letters', access, handle: list },
    { method: 'GET', path: '/ops/dead-letters/:id', access, handle: find },
    { method: 'DELETE', path: '/ops/dead-letters/:id', access, handle: act },
    { method: 'POST', path: '/ops/dead-letters/:id/replay', access, handle: act },
    { method: 'GET', path: '/ops/sandbox', access, handle: () => readSandbox(sandbox) },
    { method: 'PUT', path: '/ops/sandbox', access, handle: (exchange) => setSandbox(sandbox, exchange) },
  ];
}
