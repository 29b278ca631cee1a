import { SQL } from '@event-driven-io/dumbo';
import { CommandHandler } from '@event-driven-io/emmett';
import { getPostgreSQLEventStore, postgreSQLEventStoreConsumer } from '@event-driven-io/emmett-postgresql';

/** Opens an event store in the database at `url`; `EventStorePeer` in `bench/src/peers.ts` says what it answers. */
export async function open({ url }) {
  const store = getPostgreSQLEventStore(url, { schema: { autoMigration: 'None' } });
  await store.schema.migrate();
  const execute = CommandHandler({
    initialState: () => 0,
    evolve: (balance, { data: { amount } }) => balance + amount,
  });
  return {
    append: (stream, expected, events) =>
      store.appendToStream(stream, events, {
        expectedStreamVersion: expected === 0 ? 'STREAM_DOES_NOT_EXIST' : BigInt(expected),
      }),
    read: (stream) => store.readStream(stream),
    command: (stream, decide) => execute(store, stream, (balance) => decide(balance)),
    consume: (options) => consume(url, options),
    close: () => store.close(),
  };
}

/** A consumer whose handlers write in the transaction that it offers them. */
async function consume(url, { name, handle, batch, pullEveryMs, from }) {
  const pulling = { ...(batch && { batchSize: batch }), ...(pullEveryMs && { pullingFrequencyInMs: pullEveryMs }) };
  const consumer = postgreSQLEventStoreConsumer({ connectionString: url, pulling });
  consumer.reactor({
    processorId: name,
    ...(from === 'end' && { startFrom: 'END' }),
    eachMessage: ({ data }, { execute }) =>
      handle(data, (number) => execute.command(SQL`insert into effects (number) values (${number})`)),
  });
  return { run: () => consumer.start(), close: () => consumer.close() };
}
