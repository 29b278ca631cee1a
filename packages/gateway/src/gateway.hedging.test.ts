import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { aGateway, aService, eventually, openSocket } from './gateway.fixtures.ts';
import type { Route } from './routing/route.ts';

const call = { path: '/x', upstream: 'shop', access: 'public', body: 'any', errors: 'passed' } as const;
const routesWith = (hedgeAfterMs: number): readonly Route[] => [
  { ...call, method: 'GET', hedgeAfterMs },
  { ...call, method: 'POST', hedgeAfterMs },
];

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Two replicas; the first request, whoever gets it, is answered by `slow`, and all others by `quick`. */
async function twoReplicas(t: TestContext, { slow, quick = say('quick') }: { slow: Answer; quick?: Answer }, ms = 30) {
  let seen = 0;
  const answer: Answer = (request, response) => (seen++ === 0 ? slow : quick)(request, response);
  const services = [await aService(t, answer), await aService(t, answer)];
  const urls = services.map(({ url }) => url);
  const { ask, gateway } = await aGateway(t, urls, { routes: routesWith(ms), limits: { default: [] } });
  return { ask, gateway, asked: () => services.map((service) => service.seen.length).sort() };
}

const say =
  (text: string): Answer =>
  (_request, response) =>
    void response.end(text);

test('where the first replica is slow, another one answers, and the first is given up', async (t) => {
  let isGivenUp = false;
  const slow: Answer = (_request, response) => {
    response.on('close', () => {
      isGivenUp = true;
    });
  };
  const { ask, asked } = await twoReplicas(t, { slow });
  strictEqual(await (await ask('/x')).text(), 'quick');
  deepStrictEqual(asked(), [1, 1]);
  await eventually(() => isGivenUp);
});

test('whose answer has begun is let finish, however long it takes', async (t) => {
  const may = Promise.withResolvers<void>();
  const slow: Answer = async (_request, response) => {
    response.write('begun ');
    await may.promise;
    response.end('and done');
  };
  const { ask, asked } = await twoReplicas(t, { slow }, 60_000);
  const response = await ask('/x');
  strictEqual(response.status, 200);
  may.resolve();
  strictEqual(await response.text(), 'begun and done');
  deepStrictEqual(asked(), [0, 1]);
});

test('the first one may still win, and the second is given up', async (t) => {
  const isSecondAsked = Promise.withResolvers<void>();
  let isGivenUp = false;
  const slow: Answer = async (_request, response) => {
    await isSecondAsked.promise;
    response.end('first');
  };
  const quick: Answer = (_request, response) => {
    isSecondAsked.resolve();
    response.on('close', () => {
      isGivenUp = true;
    });
  };
  const { ask } = await twoReplicas(t, { slow, quick });
  strictEqual(await (await ask('/x')).text(), 'first');
  await eventually(() => isGivenUp);
});

test('of two who are asked one may fail', async (t) => {
  const isFailed = Promise.withResolvers<void>();
  const isSecondAsked = Promise.withResolvers<void>();
  const slow: Answer = async (request) => {
    await isSecondAsked.promise;
    request.socket.destroy();
    isFailed.resolve();
  };
  const quick: Answer = async (_request, response) => {
    isSecondAsked.resolve();
    await isFailed.promise;
    response.end('second');
  };
  const { ask, asked } = await twoReplicas(t, { slow, quick });
  strictEqual(await (await ask('/x')).text(), 'second');
  deepStrictEqual(asked(), [1, 1]);
});

test('what changes something is asked of one replica only', async (t) => {
  // Timers fire in their order: where the gateway had one, it has fired by then.
  const slow: Answer = (_request, response) => void setTimeout(() => response.end('slow'), 20);
  const { ask, asked } = await twoReplicas(t, { slow }, 10);
  strictEqual(await (await ask('/x', { method: 'POST', body: 'b' })).text(), 'slow');
  deepStrictEqual(asked(), [0, 1]);
});

test('a client that leaves takes both requests with it', async (t) => {
  let open = 0;
  const hold: Answer = (_request, response) => {
    open += 1;
    response.on('close', () => {
      open -= 1;
    });
  };
  const { gateway, asked } = await twoReplicas(t, { slow: hold, quick: hold });
  const socket = await openSocket(t, gateway.url);
  socket.write('GET /x HTTP/1.1\r\nHost: a\r\n\r\n');
  await eventually(() => asked().join() === '1,1' && open === 2);
  socket.destroy();
  await eventually(() => open === 0);
});
