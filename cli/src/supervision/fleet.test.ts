import { deepStrictEqual, match, ok, rejects, strictEqual } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemTimers, type Timers } from '@ashlar/domain';
import { eventually } from '@ashlar/postgres';
import { readConfiguration } from '../configuration.ts';
import { explain } from '../explain.ts';
import { startSystem } from '../system.ts';
import { BackOff } from './back-off.ts';
import { aFleet, isAlive, replicasOf, statesOf, tells } from './fleet.fixtures.ts';

test('all replicas begin together, each a process of its own that knows where keys are told', async (t) => {
  const fleet = aFleet(t, { user: 1, order: 2 });
  await fleet.start();
  const all = [...replicasOf(fleet, 'user'), ...replicasOf(fleet, 'order')];
  deepStrictEqual(
    all.map(({ replica, status }) => `${replica} ${status}`),
    ['user-1 ready', 'order-1 ready', 'order-2 ready'],
  );
  strictEqual(new Set(all.map(({ pid }) => pid)).size, 3);
  ok(all.every(({ pid }) => pid !== process.pid && isAlive(pid)));
  for (const { url } of all) deepStrictEqual(await tells(url), { hasBegun: true, keyServers: [all[0]!.url], dead: [] });
});

test('a replica that dies is down at once, and another process takes its place', async (t) => {
  const fleet = aFleet(t, { user: 1, order: 2 });
  await fleet.start();
  const [first, second] = replicasOf(fleet, 'order');
  process.kill(first!.pid, 'SIGKILL');
  await eventually('it is down', () => statesOf(fleet, 'order').includes('order-1 down'));
  await eventually('it is back', () => statesOf(fleet, 'order').includes('order-1 ready'));
  const [fresh, other] = replicasOf(fleet, 'order');
  ok(fresh!.pid !== first!.pid && fresh!.url !== first!.url);
  deepStrictEqual(other, second);
  deepStrictEqual((await tells(fresh!.url)).hasBegun, true);
});

test('of a replica that dies the others of its service hear at once, and nobody else', async (t) => {
  const fleet = aFleet(t, { user: 1, order: 3 });
  await fleet.start();
  const [first, second, third] = replicasOf(fleet, 'order');
  const [user] = replicasOf(fleet, 'user');
  process.kill(first!.pid, 'SIGKILL');
  const heard = async () => (await Promise.all([second!, third!].map(({ url }) => tells(url)))).map(({ dead }) => dead);
  await eventually('they know', async () => (await heard()).join() === 'order-1,order-1');
  deepStrictEqual((await tells(user!.url)).dead, []);
});

test('a replica that was frozen when another died hears of it too late to believe it', async (t) => {
  const fleet = aFleet(t, { user: 1, order: 2 });
  await fleet.start();
  const [first, second] = replicasOf(fleet, 'order');
  process.kill(second!.pid, 'SIGSTOP');
  process.kill(first!.pid, 'SIGKILL');
  const isReplaced = () => replicasOf(fleet, 'order').some(({ pid, url }) => pid !== first!.pid && url !== second!.url);
  await eventually('another is in its place', isReplaced);
  const replacedAt = performance.now();
  await eventually('it is no news any more', () => performance.now() - replacedAt > 1_000);
  await eventually('the other one is ready', () => statesOf(fleet, 'order').includes('order-1 ready'));
  process.kill(second!.pid, 'SIGCONT');
  process.kill(replicasOf(fleet, 'order')[0]!.pid, 'SIGKILL');
  await eventually('it has heard of the second death', async () => (await tells(second!.url)).dead.length > 0);
  deepStrictEqual((await tells(second!.url)).dead, ['order-1']);
});

test('a fleet of which one cannot start does not start, and says what that one says', async (t) => {
  const fleet = aFleet(t, { user: 1, order: 2 }, { environment: { FAILING: 'order-2' } });
  await rejects(fleet.start(), { name: 'ReplicaFailedError', lines: ['ashlar: order-2 cannot start.'] });
});

test('a replica that stumbles at the start is started again, and the others wait for it', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-fleet-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const told = new Set<string>();
  const timers: Timers = { ...systemTimers, every: (_, work, onError) => systemTimers.every(10, work, onError) };
  const onSlow = (waitedFor: readonly string[]) => told.add(waitedFor.join());
  const environment = { STUMBLES: join(directory, 'order-2') };
  const fleet = aFleet(t, { user: 1, order: 2 }, { environment, timers, onSlow });
  await fleet.start();
  deepStrictEqual(statesOf(fleet, 'order'), ['order-1 ready', 'order-2 ready']);
  deepStrictEqual(readdirSync(directory), ['order-2']);
  ok(told.has('user-1,order-1,order-2'), 'It is told who is waited for.');
});

test('a replica that was told to end by somebody else is replaced before it is let go', async (t) => {
  const fleet = aFleet(t, { user: 1, order: 1 });
  await fleet.start();
  const [first] = replicasOf(fleet, 'order');
  const states = new Set<string>();
  process.kill(first!.pid, 'SIGTERM');
  await eventually('the new one is alone', () => {
    states.add(statesOf(fleet, 'order').join(', '));
    return statesOf(fleet, 'order').join() === 'order-2 ready';
  });
  ok(
    states.has('order-1 draining, order-2 ready') || states.has('order-1 draining, order-2 starting'),
    [...states].join(),
  );
  ok(!states.has('order-2 starting'), 'it was let go before there was another one');
});

test('a replica is let go when nothing is on its way to it any more', async (t) => {
  const fleet = aFleet(t, { user: 1, order: 2 });
  let underWay = 1;
  await fleet.start();
  const [first] = replicasOf(fleet, 'order');
  const asked: string[] = [];
  fleet.balancer = {
    underWayAt(url) {
      asked.push(url);
      return underWay;
    },
  };
  fleet.scale('order', 1);
  await eventually('it is asked for twice', () => asked.length >= 2);
  deepStrictEqual(statesOf(fleet, 'order'), ['order-1 ready', 'order-2 draining']);
  underWay = 0;
  await eventually('it is gone', () => statesOf(fleet, 'order').join() === 'order-1 ready');
  ok(asked.every((url) => url !== first!.url));
});

test('a service has more or fewer replicas as soon as it is told to', async (t) => {
  const fleet = aFleet(t, { user: 1, order: 1 });
  await fleet.start();
  const [kept] = replicasOf(fleet, 'order');
  fleet.scale('order', 3);
  await eventually(
    'there are three',
    () => statesOf(fleet, 'order').join() === 'order-1 ready,order-2 ready,order-3 ready',
  );
  fleet.scale('order', 1);
  await eventually('there is one', () => statesOf(fleet, 'order').join() === 'order-1 ready');
  deepStrictEqual(replicasOf(fleet, 'order'), [kept]);
});

test('a restart replaces one replica after another, and there are never fewer that are ready', async (t) => {
  const fleet = aFleet(t, { user: 1, order: 2 });
  await fleet.start();
  const most = new Set<number>();
  const ready = new Set<number>();
  strictEqual(fleet.restart(['order']), true);
  strictEqual(fleet.restart(['order']), false);
  await eventually('it is over', () => {
    const states = statesOf(fleet, 'order');
    most.add(states.length);
    ready.add(states.filter((state) => state.endsWith('ready')).length);
    return fleet.lastRestart.state === 'done';
  });
  deepStrictEqual(fleet.lastRestart, { state: 'done', replaced: ['order-1', 'order-2'], left: [] });
  deepStrictEqual(statesOf(fleet, 'order'), ['order-3 ready', 'order-4 ready']);
  deepStrictEqual([Math.max(...most), Math.min(...ready)], [3, 2]);
  deepStrictEqual(statesOf(fleet, 'user'), ['user-1 ready']);
});

test('a restart stops at a replica that cannot start, and the old ones stay', async (t) => {
  const fleet = aFleet(t, { user: 1, order: 2 }, { environment: { FAILING: 'order-4' } });
  await fleet.start();
  fleet.restart(['order']);
  await eventually('it has stopped', () => fleet.lastRestart.state === 'failed');
  const { replaced, left, error } = fleet.lastRestart;
  deepStrictEqual([replaced, left], [['order-1'], ['order-2']]);
  ok(error?.includes('order-4 cannot start'), error);
  await eventually('what failed is gone', () => statesOf(fleet, 'order').join() === 'order-2 ready,order-3 ready');
});

test('without a broker nothing is started, and one line says what to do', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-cli-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const args = ['--port', '0', '--data', directory, '--topology', 'processes'];
  const configuration = readConfiguration(args, { NATS_URL: 'nats://ann:secret@127.0.0.1:1' });
  const error = await startSystem(configuration).catch((failure: unknown) => failure);
  const lines = explain(error);
  strictEqual(lines.length, 1);
  match(lines[0]!, /^ashlar: the broker at NATS_URL \(nats:\/\/127\.0\.0\.1:1\) cannot be used: .*nats-server -js/);
  deepStrictEqual(readdirSync(directory).sort(), ['admin.json', 'namespace']);
});

test('replicas end when their supervisor is killed', async (t) => {
  const program = fileURLToPath(new URL('./supervisor.child.js', import.meta.url));
  const supervisor = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => supervisor.kill('SIGKILL'));
  const [line] = (await once(supervisor.stdout, 'data')) as [Buffer];
  const pids = JSON.parse(line.toString()) as number[];
  ok(pids.length === 2 && pids.every(isAlive));
  supervisor.kill('SIGKILL');
  await eventually('both have ended', () => !pids.some(isAlive));
});

test('who dies is started again at once, then later and later; after a good while, at once again', () => {
  let now = 0;
  const backOff = new BackOff(() => now);
  deepStrictEqual(
    Array.from({ length: 8 }, () => backOff.died()),
    [50, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000],
  );
  backOff.ready();
  now += 9_999;
  strictEqual(backOff.died(), 15_000);
  backOff.ready();
  now += 10_000;
  strictEqual(backOff.died(), 50);
});
