import { deepStrictEqual, match, rejects } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { diagnose } from '../diagnosis.ts';
import { examine } from '../examine.ts';
import { readGrants } from './grants.ts';
import { readRunningSystem } from './running-system.ts';

/** A gateway and a service in one server, that answers by a table. */
async function anAshlar(t: TestContext, answers: Readonly<Record<string, unknown>>) {
  const server = createServer((request, response) => {
    const isOperator = request.headers.authorization === 'Bearer token' || !request.url!.startsWith('/ops');
    const body = isOperator ? answers[`${request.method} ${request.url!.split('?')[0]}`] : undefined;
    if (body === 'no answer') {
      request.socket.destroy();
      return;
    }
    response.writeHead(body === undefined ? (isOperator ? 404 : 401) : 200).end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const services = (url: string, breakers: readonly object[] = []) => ({
  items: [{ service: 'order', replicas: [{ replica: 'order-1', url, status: 'ready', breakers }] }],
});

test('a system whose probes answer and whose circuits are closed is well', async (t) => {
  const answers: Record<string, unknown> = {
    'POST /v1/sessions': { accessToken: 'token' },
    'GET /livez': { status: 'alive' },
    'GET /readyz': { status: 'ready', checks: { database: 'ok' } },
  };
  const url = await anAshlar(t, answers);
  answers['GET /ops/services'] = services(url, [{ name: 'card', state: 'closed', failureRate: 0 }]);
  const administrator = { email: 'admin@example.org', password: 'secret' };
  deepStrictEqual(diagnose(await examine({ live: { url, administrator } })).findings, []);
});

test('a liveness check that asks the database, and an open circuit, are found', async (t) => {
  const answers: Record<string, unknown> = {
    'GET /livez': { status: 'alive', checks: { database: 'ok' } },
    'GET /readyz': { status: 'ready', checks: { database: 'ok' } },
  };
  const url = await anAshlar(t, answers);
  answers['GET /ops/services'] = services(url, [{ name: 'card', state: 'open', failureRate: 0.75 }]);
  const { findings } = diagnose(await examine({ live: { url, token: 'token' } }));
  deepStrictEqual(
    findings.map(({ what }) => what),
    ['The liveness check of order-1 asks database', 'The circuit to card is open at order-1'],
  );
});

test('recent traces of the running system are judged as those of a file are', async (t) => {
  const span = (spanId: string, parentSpanId: string, name: string) => ({
    traceId: 'a1',
    spanId,
    parentSpanId,
    name,
    kind: 2,
  });
  const resource = (name: string) => ({ attributes: [{ key: 'service.name', value: { stringValue: name } }] });
  const children = Array.from({ length: 6 }, (_, at) => span(`b${at}`, 'b', 'GET /products'));
  const answers: Record<string, unknown> = {
    'GET /ops/services': { items: [] },
    'GET /ops/traces': { items: [{ traceId: 'a1' }] },
    'GET /ops/traces/a1': {
      resourceSpans: [
        { resource: resource('order'), scopeSpans: [{ spans: [span('b', '', 'GET /orders')] }] },
        { resource: resource('product'), scopeSpans: [{ spans: children }] },
      ],
    },
  };
  const url = await anAshlar(t, answers);
  const [finding] = diagnose(await examine({ live: { url, token: 'token' } })).findings;
  match(finding!.what, /order asks product for GET \/products up to 6 times/);
});

test('what no consumer of a running system handles is meant for others; what one handles is followed', async (t) => {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'user' } }] };
  const said = (type: string) => ({
    traceId: 'a1',
    spanId: 'b1',
    name: `create ${type}`,
    kind: 4,
    attributes: [
      { key: 'messaging.destination.name', value: { stringValue: 'user.events' } },
      { key: 'cloudevents.event_type', value: { stringValue: type } },
    ],
  });
  const seen = async (type: string, consumers: object | undefined) => {
    const url = await anAshlar(t, {
      'GET /ops/services': { items: [] },
      'GET /ops/traces': { items: [{ traceId: 'a1' }] },
      'GET /ops/traces/a1': { resourceSpans: [{ resource, scopeSpans: [{ spans: [said(type)] }] }] },
      ...(consumers && { 'GET /ops/consumers': consumers }),
    });
    const { findings } = diagnose(await examine({ live: { url, token: 'token' } }));
    return findings.map(({ what }) => what);
  };
  const consumers = { items: [{ consumer: 'order.users', handles: ['user.UserDeleted.v1'] }] };
  const ends = 'The trace ends where user sends to user.events: none of 1 messages is followed by its consumer';
  deepStrictEqual(await seen('user.UserRegistered.v1', consumers), []);
  deepStrictEqual(await seen('user.UserDeleted.v1', consumers), [ends]);
  deepStrictEqual(await seen('user.UserRegistered.v1', undefined), [ends]);
});

test('a trace that gets no answer is one trace less', async (t) => {
  const told = { resourceSpans: [] };
  const answers: Record<string, unknown> = {
    'GET /ops/traces': { items: ['a1', 'a2', 'a3'].map((traceId) => ({ traceId })) },
    'GET /ops/traces/a1': told,
    'GET /ops/traces/a2': 'no answer',
    'GET /ops/traces/a3': told,
  };
  const url = await anAshlar(t, answers);
  answers['GET /ops/services'] = { items: [] };
  const { traces } = await readRunningSystem({ url, token: 'token' });
  deepStrictEqual(traces, [JSON.stringify(told), JSON.stringify(told)]);
});

test('who is not let in is told what is needed', async (t) => {
  const url = await anAshlar(t, {});
  await rejects(readRunningSystem({ url, token: 'wrong' }), /ASHLAR_TOKEN/);
  await rejects(readRunningSystem({ url }), /ADMIN_EMAIL/);
  await rejects(readRunningSystem({ url: 'nonsense' }), /is no address/);
});

test('what answers something else than an Ashlar does is none', async (t) => {
  const others = ['<html>', [], {}, { items: 'none' }, { items: [{ service: 'a' }] }, { items: [{ replicas: [] }] }];
  const bent = { items: [{ service: 'a', replicas: [{ replica: 'a-1', url: 'nowhere', status: 'ready' }] }] };
  for (const answer of [...others, bent]) {
    const url = await anAshlar(t, { 'GET /ops/services': answer });
    await rejects(readRunningSystem({ url, token: 'token' }), /answers something else than an Ashlar: is it one\?/);
  }
});

test('a service of which no replica is left is told, and what runs is named', async (t) => {
  const url = await anAshlar(t, { 'GET /ops/services': { items: [{ service: 'order', replicas: [] }] } });
  const { findings, services, layout } = diagnose(await examine({ live: { url, token: 'token' } }));
  deepStrictEqual(
    findings.map(({ rule, what }) => [rule, what]),
    [['health', 'Of order no replica runs']],
  );
  deepStrictEqual([services, layout], [['order'], 'a running system']);
});

const admin = process.env['TEST_DATABASE_URL'];

test('a role that may enter the database of another one is found', {
  skip: admin ? false : 'there is no PostgreSQL',
}, async () => {
  const [one, other] = [`doctor_${randomUUID().slice(0, 8)}`, `doctor_${randomUUID().slice(0, 8)}`];
  const client = new pg.Client({ connectionString: admin });
  await client.connect();
  const run = (sql: string) => client.query(sql);
  const seen = async () => {
    const { findings } = diagnose({ system: undefined, grants: await readGrants(admin!) });
    return findings.map(({ what }) => what).filter((what) => what.includes(one));
  };
  try {
    for (const name of [one, other]) {
      await run(`create role ${name} login`);
      await run(`grant ${name} to current_user`);
      await run(`create database ${name} owner ${name}`);
      await run(`revoke all on database ${name} from public`);
    }
    deepStrictEqual(await seen(), []);
    await run(`grant connect on database ${other} to ${one}`);
    deepStrictEqual(await seen(), [`The role ${one} may enter ${other}, the database of ${other}`]);
    await run(`alter role ${one} superuser`);
    deepStrictEqual(await seen(), [`The role ${one} is a superuser: it may enter every database`]);
  } finally {
    for (const name of [one, other]) await run(`drop database if exists ${name}`);
    for (const name of [one, other]) await run(`drop role if exists ${name}`);
    await client.end();
  }
});
