import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { twoReplicas } from '../bus/two-replicas.ts';
import { natsMissing } from '../shop/nats.ts';
import { STYLES } from '../shop/shop.ts';

const skip = databaseMissing || natsMissing;

for (const saga of STYLES)
  test(`two replicas of everything, for longer: ${saga}`, { skip }, (t) => twoReplicas(t, saga, { answers: 1_000 }));
