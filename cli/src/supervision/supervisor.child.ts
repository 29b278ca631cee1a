import { fileURLToPath } from 'node:url';
import { createTelemetry } from '@ashlar/telemetry';
import { startOf } from './fleet.fixtures.ts';
import { Fleet } from './fleet.ts';

// A supervisor with two replicas that says their process numbers, and waits for its end.

const fleet = new Fleet({
  replicas: { order: 2 },
  keyService: 'order',
  entry: fileURLToPath(new URL('./replica.child.js', import.meta.url)),
  environment: {},
  version: '1.0.0',
  log: createTelemetry({ service: 'supervisor', logLevel: 'silent' }).log,
  start: startOf,
});
await fleet.start();
console.log(JSON.stringify(fleet.running().flatMap(({ replicas }) => replicas.map(({ pid }) => pid))));
