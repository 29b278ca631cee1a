import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as allThatIsDue } from 'node:timers/promises';
import type { Timers } from '@ashlar/domain';
import { LocalBus, type Parcel } from '@ashlar/messaging';
import { createTelemetry } from '@ashlar/telemetry';
import { brokerNews } from './broker-news.ts';

const place = { natsUrl: 'nats://127.0.0.1:1', namespace: 'shop', replica: 'gateway' };

/** A broker that lets in whoever tries when the test says so, and news of it, tried again by hand. */
function setUp() {
  const tries: PromiseWithResolvers<ABus>[] = [];
  let again: () => Promise<void> = async () => {};
  const timers: Timers = {
    once: () => () => {},
    every(_ms, work) {
      again = work;
      return () => {
        again = async () => {};
      };
    },
  };
  const connect = (): Promise<ABus> => {
    tries.push(Promise.withResolvers());
    return tries.at(-1)!.promise;
  };
  const { log } = createTelemetry({ service: 'gateway', logLevel: 'silent' });
  const news = brokerNews(place, { log, timers, connect });
  return { news, tries, again: () => void again() };
}

class ABus extends LocalBus {
  isClosed = false;

  async close(): Promise<void> {
    this.isClosed = true;
  }

  say(id: string): Promise<void> {
    const message = { id } as unknown as Parcel['message'];
    return this.publish([{ channel: 'shop.events', message }]);
  }
}

test('what is said is heard from the time that the broker is there, by those who asked before and after', async () => {
  const { news, tries, again } = setUp();
  const heard: string[] = [];
  news.overhear(['shop.events'], ({ message }) => heard.push(`early ${message.id}`));
  tries[0]!.reject(new Error('away'));
  await allThatIsDue();
  again();
  const bus = new ABus();
  tries[1]!.resolve(bus);
  await allThatIsDue();
  const stop = news.overhear(['shop.events'], ({ message }) => heard.push(`late ${message.id}`));
  await bus.say('a');
  stop();
  await bus.say('b');
  deepStrictEqual(heard, ['early a', 'late a', 'early b']);
  again();
  strictEqual(tries.length, 2);
});

test('a broker that is slow to answer is asked once, and heard once', async () => {
  const { news, tries, again } = setUp();
  const heard: string[] = [];
  news.overhear(['shop.events'], ({ message }) => heard.push(message.id));
  again();
  again();
  strictEqual(tries.length, 1);
  const bus = new ABus();
  tries[0]!.resolve(bus);
  await allThatIsDue();
  await bus.say('a');
  deepStrictEqual(heard, ['a']);
});

test('whoever stops listening before the broker is there hears nothing of it', async () => {
  const { news, tries } = setUp();
  const heard: string[] = [];
  const stop = news.overhear(['shop.events'], ({ message }) => heard.push(message.id));
  stop();
  const bus = new ABus();
  tries[0]!.resolve(bus);
  await allThatIsDue();
  await bus.say('a');
  deepStrictEqual(heard, []);
});

test('a connection that comes after the end is closed, and none is tried any more', async () => {
  const { news, tries, again } = setUp();
  const closed = news.close();
  const bus = new ABus();
  tries[0]!.resolve(bus);
  await closed;
  again();
  deepStrictEqual([bus.isClosed, tries.length], [true, 1]);
});

test('the end closes the connection, and waits for none that fails', async () => {
  const open = setUp();
  const bus = new ABus();
  open.tries[0]!.resolve(bus);
  await allThatIsDue();
  await open.news.close();
  strictEqual(bus.isClosed, true);
  const away = setUp();
  const closed = away.news.close();
  away.tries[0]!.reject(new Error('away'));
  await closed;
});
