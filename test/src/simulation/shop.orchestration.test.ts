import { test } from 'node:test';
import { seedsHold } from './seeds-hold.ts';

test('the orchestrated shop keeps its invariants whatever goes wrong, for 150 seeds', (t) =>
  seedsHold(t, 'orchestration', { count: 150 }));
