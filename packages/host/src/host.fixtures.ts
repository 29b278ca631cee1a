import type { TestContext } from 'node:test';
import { InvalidTokenError } from '@ashlar/http';
import { event, LocalBus, on } from '@ashlar/messaging';
import { createTestDatabase, type TestDatabase } from '@ashlar/postgres';
import { createTelemetry } from '@ashlar/telemetry';
import Type from 'typebox';
import { type HostOptions, hostService, type RunningService } from './host-service.ts';
import type { Service, ServiceDefinition, ServicePlatform } from './service.ts';

export const Noted = event('note.Noted.v1', Type.Object({ text: Type.String() }));

/** A service that hears its own messages, and writes them down. */
export const noting =
  (handle: (text: string, platform: ServicePlatform) => Promise<unknown>, more: Partial<Service> = {}) =>
  (platform: ServicePlatform): Service => ({
    routes: [],
    consumers: [{ name: 'note.readers', subscriptions: [on(Noted, ({ data }) => handle(data.text, platform))] }],
    ...more,
  });

export interface Hosted {
  readonly running: RunningService;
  readonly url: string;
  readonly platform: ServicePlatform;
  /** As an administrator. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** The value of a metric, by its name and labels as they are told. */
  metric(name: string): Promise<number | undefined>;
}

export interface HostedOptions extends Partial<HostOptions> {
  readonly create: ServiceDefinition['create'];
  readonly migrations?: ServiceDefinition['migrations'];
}

/** A hosted service with a database of its own; it has not begun. */
export async function aHostedService(t: TestContext, options: HostedOptions): Promise<Hosted> {
  const { create, migrations = async () => [], ...others } = options;
  const url = others.databaseUrl ?? (await aDatabase(t)).url;
  let given: ServicePlatform | undefined;
  const running = await hostService({
    definition: {
      name: 'note',
      migrations,
      create: (platform) => {
        given = platform;
        return create(platform);
      },
    },
    version: '1.0.0',
    databaseUrl: url,
    bus: new LocalBus(),
    telemetry: createTelemetry({ service: 'note', logLevel: 'silent' }),
    verifier: {
      async verify(token) {
        if (token !== 'admin' && token !== 'customer') throw new InvalidTokenError('unknown');
        return { id: token, role: token, sessionId: 's1' };
      },
    },
    ...others,
  });
  let isStopped = false;
  const stop = async () => {
    if (!isStopped) await running.stop();
    isStopped = true;
  };
  atEnd(t, stop);
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(running.url + path, { ...init, headers: { authorization: 'Bearer admin' } });
  const metric = async (name: string) => {
    const lines = (await (await ask('/metrics')).text()).split('\n');
    const found = lines.find((line) => line.startsWith(`${name} `));
    return found === undefined ? undefined : Number(found.split(' ').at(-1));
  };
  return { running: { ...running, stop }, url, platform: given!, ask, metric };
}

/** Dropped after whatever uses it has stopped. */
export async function aDatabase(t: TestContext): Promise<TestDatabase> {
  const database = await createTestDatabase();
  atEnd(t, () => database.drop());
  return database;
}

const ends = new WeakMap<TestContext, (() => Promise<void>)[]>();

/** What was made last ends first. */
function atEnd(t: TestContext, end: () => Promise<void>): void {
  const known = ends.get(t);
  known?.unshift(end);
  if (known) return;
  const all = [end];
  ends.set(t, all);
  t.after(async () => {
    for (const one of all) await one();
  });
}
