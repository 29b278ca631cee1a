import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../diagnosis.ts';
import { fixture, withMutant } from '../fixtures/mutation.fixtures.ts';
import { readSystem } from '../model/system.ts';

const CLINIC = 'foreign/rabbit-clinic';
const openIn = (root: string): string[] =>
  diagnose({ system: readSystem(root) })
    .unknown.filter(({ rule }) => rule === 'event-driven')
    .map(({ subject }) => subject);

test('what a relay sends is known by what is put into its outbox', () => {
  for (const system of [CLINIC, 'foreign/nats-library']) deepStrictEqual(openIn(fixture(system)), []);
});

test('a topic that comes from a request is not known, and has not passed', () => {
  const path = 'apps/appointments/src/forwarder.ts';
  const text = `import { AmqpConnection } from '@golevelup/nestjs-rabbitmq';
export const forward = (amqp: AmqpConnection, query: { key: string }) =>
  amqp.publish('x', query.key, {});
`;
  withMutant({ system: CLINIC, edits: { [path]: text } }, (root) => deepStrictEqual(openIn(root), ['appointments']));
});
