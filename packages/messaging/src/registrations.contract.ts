import { deepStrictEqual } from 'node:assert/strict';
import type { Rules } from '@ashlar/postgres/contract-suites';
import type { MessageStage } from './message-stage.fixtures.ts';

/** Which channels each consumer has begun to read is kept, and forgotten with the consumer. */
export const registrationsRules: Rules<MessageStage> = {
  'the channels of a consumer are kept, each once': async ({ storage, another }) => {
    const { registrations } = storage;
    deepStrictEqual(await registrations.channelsOf('desk'), []);
    for (const channel of ['a.events', 'b.events', 'a.events']) await registrations.add('desk', channel);
    await registrations.add('audit', 'c.events');
    deepStrictEqual((await another().storage.registrations.channelsOf('desk')).sort(), ['a.events', 'b.events']);
  },

  'consumers and channels that are no longer there are forgotten, and no others': async (stage) => {
    const { registrations } = stage.storage;
    for (const channel of ['a.events', 'b.events']) await registrations.add('desk', channel);
    await registrations.add('audit', 'a.events');
    await registrations.keepOnly([
      { consumer: 'desk', channel: 'b.events' },
      { consumer: 'new', channel: 'a.events' },
    ]);
    deepStrictEqual(await registrations.channelsOf('desk'), ['b.events']);
    deepStrictEqual(await registrations.channelsOf('audit'), []);
    deepStrictEqual(await registrations.channelsOf('new'), []);
    await registrations.keepOnly([]);
    deepStrictEqual(await registrations.channelsOf('desk'), []);
  },
};
