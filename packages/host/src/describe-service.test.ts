import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { event, on } from '@ashlar/messaging';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { describeService } from './describe-service.ts';
import type { ServiceDefinition } from './service.ts';

const NoteWritten = event('note.NoteWritten.v1', Type.Object({ noteId: Type.String() }), { key: 'noteId' });
const UserErased = event('user.UserErased.v1', Type.Object({ userId: Type.String() }));

const noteController: FastifyPluginAsyncTypebox = async (http) => {
  const schema = { response: { 200: Type.Object({ text: Type.String() }) } };
  http.get('/v1/notes', { config: { access: 'public' }, schema }, async () => ({ text: 'x' }));
};

/** A service that tells what is done to it. */
function aService() {
  const done: string[] = [];
  const definition: ServiceDefinition = {
    name: 'note',
    migrations: async () => {
      done.push('migrated');
      return [];
    },
    create: ({ jobs }) => {
      jobs().queue({ name: 'write', retryEveryMs: 1, retryAtMostEveryMs: 1, concurrency: 1 }, async () => {});
      return {
        routes: [noteController],
        consumers: [{ name: 'note.users', subscriptions: [on(UserErased, async () => {})] }],
        start: async () => void done.push('started'),
        stop: async () => void done.push('stopped'),
      };
    },
  };
  return { definition, done };
}

test('a service is described by what it would run with: routes, operations, what it says and hears', async () => {
  const { definition } = aService();
  const { service, messages, openApi, asyncApi } = await describeService({
    definition,
    version: '1.2.3',
    owns: [NoteWritten],
  });
  strictEqual(service, 'note');
  deepStrictEqual(openApi['info'], { ...(openApi['info'] as object), title: 'note', version: '1.2.3' });
  const paths = Object.keys(openApi['paths'] as object);
  ok(paths.includes('/v1/notes') && paths.includes('/ops/dead-letters/{id}/replay'), paths.join());
  deepStrictEqual(Object.keys(asyncApi['channels'] as object), ['note.events', 'user.events']);
  deepStrictEqual(
    messages.reactions.map(({ consumer, contract }) => [consumer, contract.type]),
    [['note.users', 'user.UserErased.v1']],
  );
});

test('nothing is migrated or started for it, and what was built is taken down', async () => {
  const { definition, done } = aService();
  await describeService({ definition, version: '1', owns: [] });
  deepStrictEqual(done, ['stopped']);
});
