import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ServiceReplica } from '@ashlar/shop-gateway';
import { createTelemetry } from '@ashlar/telemetry';
import { Fleet, type FleetOptions } from './fleet.ts';
import type { Order, ReplicaSettings } from './protocol.ts';

/** What a replica of the fixture reads of its settings is its name. */
export const startOf = (_service: string, replica: string): Order => ({
  type: 'start',
  settings: { replica } as ReplicaSettings,
});

/** A fleet of real processes that do nothing; it ends with the test. */
export function aFleet(t: TestContext, replicas: FleetOptions['replicas'], options: Partial<FleetOptions> = {}): Fleet {
  const fleet = new Fleet({
    replicas,
    keyService: 'user',
    entry: fileURLToPath(new URL('./replica.child.js', import.meta.url)),
    environment: {},
    version: '1.0.0',
    log: createTelemetry({ service: 'supervisor', logLevel: 'silent' }).log,
    start: startOf,
    ...options,
  });
  t.after(() => fleet.stop());
  return fleet;
}

export const replicasOf = (fleet: Fleet, service: string): readonly ServiceReplica[] =>
  fleet.running().find((one) => one.service === service)?.replicas ?? [];

/** `order-1 ready`, in the order of their names. */
export const statesOf = (fleet: Fleet, service: string): string[] =>
  replicasOf(fleet, service)
    .map(({ replica, status }) => `${replica} ${status}`)
    .sort();

interface Told {
  readonly hasBegun: boolean;
  readonly keyServers: readonly string[];
  /** Of whose death it has heard. */
  readonly dead: readonly string[];
}

export async function tells(url: string): Promise<Told> {
  return (await fetch(url)).json() as Promise<Told>;
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
