import { deepStrictEqual, match, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { UuidV7Ids } from '@ashlar/domain';
import { LocalBus, type Parcel } from '@ashlar/messaging';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { createTelemetry } from '@ashlar/telemetry';
import { aHostedService, Noted, noting } from './host.fixtures.ts';

const skip = databaseMissing;

test('schedule 1.7: what a restored source numbers anew is counted, and told once for each line', {
  skip,
}, async (t) => {
  const lines: { level: number; key?: string; msg: string }[] = [];
  const logTo = { write: (text: string) => void lines.push(JSON.parse(text)) };
  const bus = new LocalBus();
  const telemetry = createTelemetry({ service: 'note', logLevel: 'error', logTo });
  const { running, metric } = await aHostedService(t, { create: noting(async () => {}), bus, telemetry });
  await running.begin();
  const began = Date.now();
  const note = (key: string, sequence: number, atMs: number): Parcel => ({
    channel: Noted.channel,
    message: {
      ...{ specversion: '1.0', id: new UuidV7Ids().next(atMs), source: '/services/note', type: Noted.type },
      ...{ subject: key, partitionkey: key, sequence: String(sequence).padStart(20, '0') },
      ...{ time: new Date(atMs).toISOString(), datacontenttype: 'application/json', dataschema: 'urn:x' },
      ...{ traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`, correlationid: 'c', data: { text: 'x' } },
    },
  });
  for (const key of ['a', 'b']) await bus.publish([1, 2, 3].map((n) => note(key, n, began)));
  const later = began + 300_000;
  await bus.publish([note('a', 1, later), note('a', 2, later), note('b', 1, later), note('a', 1, began)]);
  const counted = () => metric('messages_numbered_again_total{consumer="note.readers"}');
  await eventually('all are counted', async () => (await counted()) === 3);
  strictEqual(await metric('messages_handled_total{consumer="note.readers"}'), 6);
  deepStrictEqual(lines.map(({ key }) => key).toSorted(), ['a', 'b']);
  for (const { msg } of lines) match(msg, /restored from a backup/);
});
