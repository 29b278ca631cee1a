import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { fixture } from './fixtures/mutation.fixtures.ts';
import { serviceMap } from './map.ts';
import { readSystem } from './model/system.ts';

const edgesOf = (system: string) =>
  serviceMap({ system: readSystem(fixture(system)) })
    .edges.map(({ from, to, kind }) => `${from} ${kind} ${to}`)
    .sort();

test('the map shows who waits for whom, and who tells whom, also where an outbox stands between them', () => {
  deepStrictEqual(edgesOf('foreign/rmq-parking'), [
    'api-gateway calls reservations',
    'api-gateway calls spots',
    'reservations calls spots',
    'reservations messages spots',
    'reservations stores db reservations',
    'spots messages reservations',
    'spots stores db spots',
  ]);
});
