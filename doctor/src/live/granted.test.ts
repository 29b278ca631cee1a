import { deepStrictEqual } from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { diagnose } from '../diagnosis.ts';
import { readSystem } from '../model/system.ts';

const SHOP = join(resolve(import.meta.dirname, '..', '..'), 'fixtures', 'express-shop');

test('a role that is called like a service is that of the service, and is not counted beside it', () => {
  const grants = ['orders', 'catalog'].map((name) => {
    const role = `ashlar_1f_${name}`;
    return { role, database: role, isOwner: true };
  });
  const system = readSystem(SHOP);
  const foreign = { role: 'ashlar_1f_orders', database: 'ashlar_1f_catalog', isOwner: false };
  const judged = (more: typeof grants) => {
    const { findings, scores } = diagnose({ system, grants: { grants: [...grants, ...more], superusers: [] } });
    const { judged: count, score } = scores.find(({ item }) => item === 'database-per-service')!;
    return [findings.map(({ subject }) => subject), count, score];
  };
  const alone = diagnose({ system }).scores.find(({ item }) => item === 'database-per-service')!.judged;
  deepStrictEqual(judged([]), [[], alone, 100]);
  deepStrictEqual(judged([foreign]).slice(0, 2), [['orders'], alone]);
});
