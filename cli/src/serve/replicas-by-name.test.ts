import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Stop, Timers } from '@ashlar/domain';
import { ReplicasByName } from './replicas-by-name.ts';

/** Looks again only when told to. */
function aWatch(names: Record<string, string[]>, services: Record<string, string[]>) {
  let look: () => Promise<unknown> = async () => {};
  const errors: unknown[] = [];
  let seconds = 0;
  const timers: Timers = {
    once: () => () => {},
    every: (_ms, work): Stop => {
      look = work;
      return () => {};
    },
  };
  const replicas = new ReplicasByName({
    services,
    version: '1',
    clock: { now: () => new Date(Date.UTC(2026, 0, 2, 3, 4, seconds++)) },
    timers,
    onError: (error) => errors.push(error),
    resolve: async (host) => {
      const found = names[host];
      if (!found) throw new Error(`There is no ${host}.`);
      return found;
    },
  });
  const urls = () => replicas.running().map(({ service, replicas }) => [service, ...replicas.map(({ url }) => url)]);
  return { replicas, urls, errors, look: () => look() };
}

test('every address that a name stands for is a replica, and they come and go', async () => {
  const names: Record<string, string[]> = { order: ['10.0.0.2', '10.0.0.1'] };
  const { replicas, urls, look } = aWatch(names, { order: ['http://order:8080'] });
  await replicas.start();
  deepStrictEqual(urls(), [['order', 'http://10.0.0.1:8080', 'http://10.0.0.2:8080']]);
  names['order'] = ['10.0.0.2', '10.0.0.3'];
  await look();
  deepStrictEqual(urls(), [['order', 'http://10.0.0.2:8080', 'http://10.0.0.3:8080']]);
});

test('a replica is there since it was first seen, however often it is looked up', async () => {
  const { replicas, look } = aWatch({ order: ['10.0.0.1'] }, { order: ['http://order:8080'] });
  await replicas.start();
  const since = replicas.running()[0]?.replicas[0]?.startedAt;
  await look();
  strictEqual(replicas.running()[0]?.replicas[0]?.startedAt, since);
});

test('while a name cannot be resolved, what was known of it holds, and the error is told', async () => {
  const names: Record<string, string[]> = { order: ['10.0.0.1'], user: ['10.0.0.9'] };
  const { replicas, urls, look, errors } = aWatch(names, { order: ['http://order'], user: ['http://user'] });
  await replicas.start();
  delete names['order'];
  names['user'] = ['fd00::1'];
  await look();
  deepStrictEqual(urls(), [
    ['order', 'http://10.0.0.1'],
    ['user', 'http://[fd00::1]'],
  ]);
  strictEqual(errors.length, 1);
});

test('an address needs nobody to resolve it, and there may be several', async () => {
  const order = ['http://127.0.0.1:9000', 'http://127.0.0.1:9002'];
  const { replicas, urls, errors } = aWatch({}, { order, user: ['http://[::1]:9001'] });
  await replicas.start();
  deepStrictEqual(urls(), [
    ['order', 'http://127.0.0.1:9000', 'http://127.0.0.1:9002'],
    ['user', 'http://[::1]:9001'],
  ]);
  deepStrictEqual(errors, []);
});
