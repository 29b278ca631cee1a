import { deepStrictEqual, match, ok, strictEqual, throws } from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { INTERNAL } from '@ashlar/http';
import { createTelemetry } from '@ashlar/telemetry';
import { jwtVerify } from 'jose';
import { aService, eventually } from '../gateway.fixtures.ts';
import { fileFaults } from './config-faults.ts';
import { exampleConfig } from './example.ts';
import { ConfigError, readConfig } from './read-config.ts';
import { GatewayConfig } from './schema.ts';
import { gatewayFromConfig, tableOf } from './start-from-config.ts';

const faultsIn = (change: (config: Record<string, unknown>) => void): readonly string[] => {
  const config = JSON.parse(JSON.stringify(exampleConfig('http://127.0.0.1:3000', 8080)));
  change(config);
  try {
    readConfig(JSON.stringify(config));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ path, reason }) => `${path}: ${reason}`);
  }
};

test('the example is a configuration, and one that works', async (t) => {
  const service = await aService(t);
  const config = readConfig(JSON.stringify(exampleConfig(service.url, 0)));
  const telemetry = createTelemetry({ service: 'gateway', logLevel: 'silent' });
  const gateway = gatewayFromConfig(config, { telemetry, file: import.meta.filename });
  await gateway.listen({ port: 0, host: '127.0.0.1' });
  t.after(() => gateway.close());
  const response = await fetch(`${gateway.url}/any/path?x=1`, { method: 'REPORT', body: 'abc' });
  deepStrictEqual([response.status, response.headers.has('ratelimit')], [200, false]);
  deepStrictEqual([service.seen[0]?.method, service.seen[0]?.url], ['REPORT', '/any/path?x=1']);
});

test('all faults are told at once, each with its place', () => {
  const faults = faultsIn((config) => {
    const [route] = config['routes'] as Record<string, unknown>[];
    Object.assign(route!, { access: 'anybody', colour: 'red' });
    config['listen'] = { port: 'x' };
  });
  match(faults.join('\n'), /\/routes\/0: does not know colour/);
  match(faults.join('\n'), /\/routes\/0\/access: /);
  match(faults.join('\n'), /\/listen\/port: must be integer/);
});

test('however many faults there are, each of them is told', () => {
  const faults = faultsIn((config) => {
    const { replicas, routes } = { replicas: Array(20).fill('ftp://a'), routes: config['routes'] as unknown[] };
    config['upstreams'] = { origin: { replicas } };
    routes.unshift({ method: 'FETCH', path: '/a', upstream: 'origin', access: 'nobody' });
    routes.push({ path: 'b' });
  });
  for (let at = 0; at < 20; at++) ok(faults.some((fault) => fault.startsWith(`/upstreams/origin/replicas/${at}: `)));
  match(faults.join('\n'), /^\/routes\/0\/method: .*"OPTIONS", "\*"$/m);
  match(faults.join('\n'), /^\/routes\/0\/access: /m);
  match(faults.join('\n'), /^\/routes\/2: must have required properties method, upstream, access/m);
});

test('what a schema cannot tell is found as well', () => {
  deepStrictEqual(
    faultsIn((config) => {
      const routes = config['routes'] as Record<string, unknown>[];
      routes.push({ method: 'GET', path: '/a', upstream: 'nobody', access: 'public' });
      routes.push({ method: 'GET', path: '/a', upstream: 'origin', access: 'public' });
    }),
    ['/routes/1: GET /a: unknown upstream nobody', '/routes/2: GET /a: told twice'],
  );
  throws(() => readConfig('{'), ConfigError);
});

test('a route without an access policy is a fault: nothing is public by being forgotten', () => {
  const faults = faultsIn((config) => {
    delete (config['routes'] as Record<string, unknown>[])[0]!['access'];
  });
  match(faults.join(), /\/routes\/0: must have required properties access/);
});

test('the published schema is the one that is checked', () => {
  const published = readFileSync(new URL('../../gateway.schema.json', import.meta.url), 'utf8');
  deepStrictEqual(JSON.parse(published), JSON.parse(JSON.stringify(GatewayConfig)));
});

test('a new table counts at once, drops no request, and keeps the counts of limits that stay', async (t) => {
  const { promise: may, resolve: finish } = Promise.withResolvers<void>();
  const old = await aService(t, async (_request, response) => {
    await may;
    response.end('old');
  });
  const young = await aService(t, (_request, response) => void response.end('young'));
  const limits = { default: [{ name: 'all', by: 'address' as const, quota: 3, windowSeconds: 600 }] };
  const configFor = (url: string) => readConfig(JSON.stringify({ ...exampleConfig(url, 0), limits }));
  const telemetry = createTelemetry({ service: 'gateway', logLevel: 'silent' });
  const gateway = gatewayFromConfig(configFor(old.url), { telemetry, file: import.meta.filename });
  await gateway.listen({ port: 0, host: '127.0.0.1' });
  t.after(() => gateway.close());
  const running = fetch(`${gateway.url}/a`);
  await eventually(() => old.seen.length === 1);
  deepStrictEqual(gateway.reconfigure(configFor(young.url)), []);
  const next = await fetch(`${gateway.url}/b`);
  deepStrictEqual([await next.text(), next.headers.get('ratelimit')?.slice(0, 9)], ['young', '"all";r=1']);
  const routes = [{ method: 'GET', path: '/x', upstream: 'nobody', access: 'public' }] as const;
  throws(() => gateway.reload({ ...tableOf(configFor(young.url)), routes }));
  ok((await fetch(`${gateway.url}/c`)).ok);
  finish();
  strictEqual(await (await running).text(), 'old');
});

test('services learn who calls by a token that the configured key signs, and after a change the new one', async (t) => {
  const service = await aService(t);
  const telemetry = createTelemetry({ service: 'gateway', logLevel: 'silent' });
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-gateway-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const keyNamed = (name: string) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(join(directory, name), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return publicKey;
  };
  const keys = { old: keyNamed('old.pem'), new: keyNamed('new.pem') };
  const sha256 = createHash('sha256').update('secret').digest('hex');
  const configFor = (keyFile: string) => {
    const example = exampleConfig(service.url, 0);
    const apiKeys = [{ id: 'robot', sha256, role: 'reader', scopes: ['read'] }];
    return readConfig(JSON.stringify({ ...example, authentication: { apiKeys, internalTokens: { keyFile } } }));
  };
  const gateway = gatewayFromConfig(configFor('old.pem'), { telemetry, file: join(directory, 'gateway.json') });
  await gateway.listen({ port: 0, host: '127.0.0.1' });
  t.after(() => gateway.close());
  const claimsBy = async (key: keyof typeof keys) => {
    await fetch(gateway.url, { headers: { 'x-api-key': 'secret' } });
    const token = String(service.seen.at(-1)?.headers['authorization']).slice('Bearer '.length);
    return (await jwtVerify(token, keys[key], INTERNAL)).payload;
  };
  const { sub, role, scope } = await claimsBy('old');
  deepStrictEqual([sub, role, scope], ['robot', 'reader', 'read']);
  deepStrictEqual(gateway.reconfigure(configFor('new.pem')), []);
  strictEqual((await claimsBy('new')).sub, 'robot');
  const { authentication: _, ...without } = configFor('new.pem');
  deepStrictEqual(gateway.reconfigure(without), ['authentication.internalTokens']);
  const told = (keyFile: string) =>
    fileFaults(configFor(keyFile), join(directory, 'gateway.json')).map(({ path }) => path);
  writeFileSync(join(directory, 'none.pem'), 'no key');
  deepStrictEqual([told('old.pem'), told('none.pem')], [[], ['/authentication/internalTokens/keyFile']]);
});

test('who is known changes with the configuration, and what cannot change meanwhile is told', async (t) => {
  const service = await aService(t);
  const telemetry = createTelemetry({ service: 'gateway', logLevel: 'silent' });
  const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');
  const configFor = (key: string, port = 0) => {
    const { listen: _, ...example } = exampleConfig(service.url, 0);
    const routes = example.routes.map((route) => ({ ...route, access: 'user' }));
    const authentication = { apiKeys: [{ id: 'a', sha256: sha256(key) }] };
    return readConfig(JSON.stringify({ ...example, listen: { port }, routes, authentication }));
  };
  const gateway = gatewayFromConfig(configFor('old'), { telemetry, file: import.meta.filename });
  await gateway.listen({ port: 0, host: '127.0.0.1' });
  t.after(() => gateway.close());
  const statusOf = async (key: string) => (await fetch(gateway.url, { headers: { 'x-api-key': key } })).status;
  deepStrictEqual([await statusOf('old'), await statusOf('new')], [200, 401]);
  deepStrictEqual(gateway.reconfigure(configFor('new', 1)), ['listen']);
  deepStrictEqual([await statusOf('old'), await statusOf('new')], [401, 200]);
});
