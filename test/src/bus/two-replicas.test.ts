import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { natsMissing } from '../shop/nats.ts';
import { twoReplicas } from './two-replicas.ts';

const skip = databaseMissing || natsMissing;

test('two replicas of everything share the work over NATS, one of each leaves, and all is right', { skip }, (t) =>
  twoReplicas(t, 'orchestration', { answers: 80 }),
);
