import { deepStrictEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { diagnose } from './diagnosis.ts';
import { fixture, withMutant } from './fixtures/mutation.fixtures.ts';
import { readSystem } from './model/system.ts';

const foundIn = (edits: Readonly<Record<string, string>>): string[] =>
  withMutant({ system: 'express-shop', edits }, (root) =>
    diagnose({ system: readSystem(root) }).findings.map(({ rule, what }) => `${rule}: ${what}`),
  );

const CONSUMER = 'services/orders/src/parcels.js';
const reading = (options: string): string => `const amqp = require('amqplib');
exports.start = async (url) => {
  const channel = await (await amqp.connect(url)).createChannel();
  await channel.assertQueue('parcels_later', ${options});
  channel.sendToQueue('parcels_later', Buffer.from('{}'));
};
`;

test('a queue in which messages wait until they are handed on is read by nobody', () => {
  const unheard = ['event-driven: orders publishes parcels_later, and nobody hears it'];
  const waits = (to: string): string =>
    `{ arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': '${to}', 'x-message-ttl': 30000 } }`;
  deepStrictEqual(foundIn({ [CONSUMER]: reading(waits('parcels')) }), []);
  const short = `{ deadLetterExchange: '', deadLetterRoutingKey: 'parcels', messageTtl: 30_000 }`;
  deepStrictEqual(foundIn({ [CONSUMER]: reading(short) }), []);
  deepStrictEqual(foundIn({ [CONSUMER]: reading('{ durable: true }') }), unheard);
  deepStrictEqual(foundIn({ [CONSUMER]: reading(waits('parcels.dlq')) }), unheard);
});

const RETRYING = 'services/orders/src/sheets.js';
const listening = (caught: string, after: string): string => `const { Pool } = require('pg');
const pool = new Pool();
const begin = async () => {
  try {
    await pool.query('insert into sheets (id) values ($1)', [1]);
  } catch (error) {
    ${caught}
  }
  ${after}
};
begin();
`;

test('what is tried again only where it has failed is no work on a timer', () => {
  const again = 'setTimeout(() => begin(), 30_000);';
  const told = ['scaling: orders runs work on a timer in every replica, and nothing lets only one of them do it'];
  const timed = (text: string): string[] => foundIn({ [RETRYING]: text }).filter((one) => one.startsWith('scaling'));
  deepStrictEqual(timed(listening(again, '')), []);
  deepStrictEqual(timed(listening('', again)), told);
  deepStrictEqual(timed(listening(again, again)), told);
});

const KONG = `_format_version: "3.0"
services:
  - name: orders
    url: http://orders:3000
    routes:
      - name: orders
        paths:
          - /v1/orders
`;

test('one gateway that is configured for several places is told of once', () => {
  const kong = (file: string) => ({ [`kong/${file}`]: KONG });
  const what = 'gateway: ALL /v1/orders passes the gateway with no authentication and no rate limit';
  const told = (edits: Readonly<Record<string, string>>) => foundIn(edits).filter((one) => one === what);
  deepStrictEqual(told(kong('kong.yml')), [what]);
  deepStrictEqual(told({ ...kong('kong.yml'), ...kong('kong.template.yml') }), [what]);
});

test('a check of health has its own word behind the first as well', () => {
  const at = (path: string) => ({ 'services/orders/src/index.js': ['/livez', path] as [string, string] });
  for (const path of ['/orders/health/check', '/health/check'])
    withMutant({ system: 'express-shop', edits: at(path) }, (root) =>
      deepStrictEqual(
        diagnose({ system: readSystem(root) }).findings.filter(({ rule }) => rule === 'health'),
        [],
      ),
    );
});

test('who answers messages hears them as who subscribes to them does', () => {
  const events = 'apps/appointments/src/appointments/invoice.events.ts';
  const text = readFileSync(join(fixture('foreign/rabbit-clinic'), events), 'utf8');
  const edits = { [events]: text.replaceAll('RabbitSubscribe', 'RabbitRPC') };
  withMutant({ system: 'foreign/rabbit-clinic', edits }, (root) =>
    deepStrictEqual(diagnose({ system: readSystem(root) }).findings, []),
  );
});

const FAILING = 'services/orders/src/failing.js';
const trying = (tried: string, caught: string): string => `const { Pool } = require('pg');
const pool = new Pool();
const inTransaction = async (work) => {
  const client = await pool.connect();
  await client.query('begin');
  await work(client);
  await client.query('commit');
};
const place = async (channel, id) => {
  try {
    ${tried}
  } catch (error) {
    ${caught}
  }
};
exports.placeAll = async (channel, ids) => {
  for (const id of ids) await place(channel, id);
};
`;

test('what is said where a change has failed is said beside no change', () => {
  const insert = (client: string): string => `await ${client}.query('insert into orders (id) values ($1)', [id]);`;
  const say = `channel.publish('shop', 'order.failed', Buffer.from('{}'));`;
  const what =
    'event-driven: orders changes its database and publishes order.failed in two steps: ' +
    'a crash between them loses one';
  const told = (tried: string, caught: string): string[] =>
    foundIn({ [FAILING]: trying(tried, caught) }).filter((one) => one === what);
  deepStrictEqual(told(insert('pool'), say), []);
  deepStrictEqual(told(`await inTransaction(async (tx) => { ${insert('tx')} await check(tx); });`, say), []);
  deepStrictEqual(told(insert('pool'), `${insert('pool')} ${say}`), [what]);
  deepStrictEqual(told(`${insert('pool')} ${say}`, ''), [what]);
  deepStrictEqual(told(`${insert('pool')} await reserve(id);`, say), [what]);
});

test('the only check of health, which asks the database, says whether the service is ready', () => {
  const index = 'services/catalog/src/index.js';
  const text = readFileSync(join(fixture('express-shop'), index), 'utf8');
  const only = text.replace(/app\.get\('\/livez'.*\n/, '').replace('/readyz', '/health');
  const of = (edited: string): string[] => foundIn({ [index]: edited }).filter((one) => /ready|alive/.test(one));
  deepStrictEqual(of(only), []);
  deepStrictEqual(of(only.replace("await pool.query('select 1');", '')), [
    'health: catalog does not say whether it is ready: it has a dependency, and only a check of liveness',
  ]);
});

test('one change beside which a message is published at two places is told of once', () => {
  const say = `channel.publish('shop', 'order.placed', Buffer.from('{}'));`;
  const insert = `await pool.query('insert into orders (id) values ($1)', [id]); await check(id);`;
  const found = foundIn({ [FAILING]: trying(`${insert} ${say}`, say) });
  deepStrictEqual(found.filter((one) => one.startsWith('event-driven')).length, 1);
});

test('that a service starts no tracing is told at the file that starts the service', () => {
  const edits = {
    'services/parcels/package.json': '{ "name": "parcels", "dependencies": { "express": "*" } }',
    'services/parcels/Auth/check.js': 'module.exports = (req, res, next) => next();\n',
    'services/parcels/Server.js': `const app = require('express')();
app.get('/parcels', require('./Auth/check'), (req, res) => res.json([]));
app.listen(80);
`,
  };
  const places = withMutant({ system: 'express-shop', edits }, (root) =>
    diagnose({ system: readSystem(root) }).findings.flatMap(({ what, evidence: [first] }) =>
      what === 'Nothing of parcels is in any trace' ? [first?.file] : [],
    ),
  );
  deepStrictEqual(places, ['services/parcels/Server.js']);
});
