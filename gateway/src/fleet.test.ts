import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetControl, RollingRestart } from './fleet.ts';
import { aShop } from './shop.fixtures.ts';

function aFleet(): FleetControl & { readonly done: string[] } {
  const done: string[] = [];
  let lastRestart: RollingRestart = { state: 'none', replaced: [], left: [] };
  return {
    done,
    services: ['order', 'product'],
    most: 16,
    scale: (service, replicas) => void done.push(`${service}=${replicas}`),
    restart(services) {
      if (lastRestart.state === 'running') return false;
      done.push(`restart ${services}`);
      lastRestart = { state: 'running', replaced: [], left: ['order-1'] };
      return true;
    },
    get lastRestart() {
      return lastRestart;
    },
  };
}

test('replicas are scaled and restarted where they are processes of their own', async (t) => {
  const fleet = aFleet();
  const { asAdmin, ask } = await aShop(t, {}, { fleet });
  const scaled = await asAdmin('PUT /ops/services/order', { replicas: 3 });
  deepStrictEqual([scaled.status, scaled.body], [202, { service: 'order', replicas: 3 }]);
  strictEqual((await asAdmin('PUT /ops/services/none', { replicas: 3 })).status, 404);
  for (const replicas of [0, 17, 1.5, '2', null]) {
    const { status, body } = await asAdmin('PUT /ops/services/order', { replicas });
    deepStrictEqual([status, body.errors[0].path], [400, '/replicas']);
  }
  strictEqual((await asAdmin('PUT /ops/services/order', [])).status, 400);
  strictEqual((await asAdmin('POST /ops/restart', { services: ['none'] })).status, 400);
  for (const [call, misspelt] of [
    ['PUT /ops/services/order', { replicas: 3, wait: true }],
    ['POST /ops/restart', { service: 'order' }],
  ] as const) {
    const { status, body } = await asAdmin(call, misspelt);
    deepStrictEqual([status, body.errors[0].message], [400, 'is not a known field']);
  }
  const begun = await asAdmin('POST /ops/restart');
  deepStrictEqual([begun.status, begun.body.state, begun.body.left], [202, 'running', ['order-1']]);
  deepStrictEqual((await asAdmin('GET /ops/restart')).body, begun.body);
  deepStrictEqual((await asAdmin('POST /ops/restart', { services: ['order'] })).body.code, 'restart_running');
  strictEqual((await ask('/ops/restart', { method: 'POST' })).status, 401);
  deepStrictEqual(fleet.done, ['order=3', 'restart order,product']);
});

test('one process can be neither scaled nor restarted', async (t) => {
  const { asAdmin } = await aShop(t, {});
  for (const call of ['POST /ops/restart', 'GET /ops/restart']) {
    deepStrictEqual((await asAdmin(call)).body.code, 'one_process');
  }
  deepStrictEqual((await asAdmin('PUT /ops/services/order', { replicas: 2 })).status, 409);
});
