import { deepStrictEqual, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@ashlar/domain';
import type { AnswerTier, FoundAnswers, News } from '@ashlar/gateway';
import { aRedis, connected, eventually, skip, telemetry, twoGateways } from './gateways.fixtures.ts';
import { redisCluster } from './redis-cluster.ts';

/** Two of those who share answers. */
async function twoReaders(t: TestContext) {
  const redis = await aRedis(t);
  const clusters = ['one', 'other'].map(() => {
    const options = { url: redis.url, namespace: 'test', clock: systemClock, log: telemetry().log, timeoutMs: 1_000 };
    const cluster = redisCluster({ ...options, sharesAnswers: true });
    t.after(() => cluster.close());
    return { cluster, answers: cluster.answers! };
  });
  for (const { answers } of clusters) await eventually(async () => (await answers.find('/a')) !== undefined);
  return { redis, one: clusters[0]!, other: clusters[1]! };
}

const found = async (answers: AnswerTier, key = '/a'): Promise<FoundAnswers> => {
  const answer = await answers.find(key);
  ok(answer);
  return answer;
};

const textsOf = ({ variants }: FoundAnswers): string => variants.map(({ entry }) => entry.toString()).join();

const textOf = (found: FoundAnswers): string | undefined => textsOf(found) || undefined;

const anAnswer = (since: number, ttlMs = 60_000) => ({
  entry: Buffer.from('whole\u00ff'),
  tags: ['goods', 'product-1'],
  variant: '',
  since,
  ttlMs,
});

test('an answer that one has kept is found by the other, with its age, until its time is over', { skip }, async (t) => {
  const { one, other } = await twoReaders(t);
  const { since, variants } = await found(one.answers);
  strictEqual(variants.length, 0);
  one.answers.keep('/a', anAnswer(since));
  await eventually(async () => textOf(await found(other.answers)) === 'whole\u00ff');
  ok((await found(other.answers)).variants[0]!.keptMs >= 0);
  strictEqual(textOf(await found(other.answers, '/b')), undefined);
  await eventually(async () => {
    one.answers.keep('/b', anAnswer(since, 500));
    return textOf(await found(one.answers, '/b')) !== undefined;
  });
  await eventually(async () => textOf(await found(other.answers, '/b')) === undefined);
});

const NEWS: Readonly<Record<string, News>> = {
  'a purge of its tag': { kind: 'purge', tag: 'product-1' },
  'a change of its address': { kind: 'changed', key: '/a' },
  'the loss of news': { kind: 'lost' },
};

for (const [what, news] of Object.entries(NEWS)) {
  test(`${what} voids what was asked for before, even when it is kept after`, { skip }, async (t) => {
    const { one, other } = await twoReaders(t);
    const { since } = await found(one.answers);
    one.answers.keep('/a', anAnswer(since));
    await eventually(async () => textOf(await found(other.answers)) !== undefined);
    other.cluster.tell(news);
    await eventually(async () => textOf(await found(one.answers)) === undefined);
    one.answers.keep('/a', anAnswer(since));
    // What is asked on one connection is answered in its order: the answer was refused by then.
    strictEqual(textOf(await found(one.answers)), undefined);
    one.answers.keep('/a', anAnswer((await found(one.answers)).since));
    notStrictEqual(textOf(await found(one.answers)), undefined);
  });
}

test('variants of one address are kept beside each other, the newest eight of them', { skip }, async (t) => {
  const { one, other } = await twoReaders(t);
  const { since } = await found(one.answers);
  const keep = (variant: string) =>
    one.answers.keep('/a', { ...anAnswer(since), entry: Buffer.from(variant), variant, tags: [variant] });
  for (const variant of ['0', '1', '2', '3', '4', '5', '6', '7', '8', '8']) keep(variant);
  await eventually(async () => [...textsOf(await found(other.answers))].sort().join('') === ',,,,,,,12345678');
  one.cluster.tell({ kind: 'purge', tag: '4' });
  await eventually(async () => [...textsOf(await found(other.answers))].sort().join('') === ',,,,,,1235678');
});

test('a variant lives as long as it is fresh, whatever comes beside it', { skip }, async (t) => {
  const { one } = await twoReaders(t);
  const { since } = await found(one.answers);
  one.answers.keep('/a', { ...anAnswer(since), variant: 'long' });
  one.answers.keep('/a', { ...anAnswer(since, 50), entry: Buffer.from('short'), variant: 'short' });
  await eventually(async () => textsOf(await found(one.answers)) === 'whole\u00ff');
});

test('news of something else void nothing', { skip }, async (t) => {
  const { one } = await twoReaders(t);
  const { since } = await found(one.answers);
  one.cluster.tell({ kind: 'purge', tag: 'product-2' });
  one.cluster.tell({ kind: 'changed', key: '/b' });
  one.cluster.tell({ kind: 'session-ended', sessionId: 's' });
  one.answers.keep('/a', anAnswer(since));
  notStrictEqual(textOf(await found(one.answers)), undefined);
});

test('what one gateway has asked for, the other answers, until it is purged', { skip }, async (t) => {
  const redis = await aRedis(t);
  const two = await twoGateways(t, redis.url, { sharesAnswers: true });
  await connected(two);
  await eventually(async () => {
    two.gateways[0]!.purge('goods');
    const first = await two.told(0, '/goods');
    const { text, headers } = await two.ask(1, '/goods');
    return text === first && String(headers['cache-status']).endsWith('; detail=SHARED');
  });
  const again = await two.ask(1, '/goods');
  ok(!String(again.headers['cache-status']).includes('SHARED'), 'It is in the own memory now.');
  two.gateways[1]!.purge('goods');
  notStrictEqual(await two.told(1, '/goods'), again.text);
  await eventually(async () => (await two.told(0, '/goods')) !== again.text);
});

test('each variant that one gateway has asked for, the other answers', { skip }, async (t) => {
  const redis = await aRedis(t);
  const two = await twoGateways(t, redis.url, { sharesAnswers: true });
  await connected(two);
  const ask = (which: number, language: string) =>
    two.ask(which, '/goods', { headers: { 'accept-language': language } });
  await eventually(async () => {
    two.gateways[0]!.purge('goods');
    const first = [await ask(0, 'de'), await ask(0, 'en')];
    const second = [await ask(1, 'de'), await ask(1, 'en')];
    return first.every(({ text }, at) => text === second[at]!.text) && first[0]!.text !== first[1]!.text;
  });
});

test('gateways that share answers go on without Redis, and with one that stands still', { skip }, async (t) => {
  const redis = await aRedis(t);
  const two = await twoGateways(t, redis.url, { sharesAnswers: true });
  await connected(two);
  redis.signal('SIGSTOP');
  two.gateways[0]!.purge('goods');
  strictEqual((await two.ask(0, '/goods')).status, 200);
  redis.signal('SIGCONT');
  await redis.kill();
  two.gateways[0]!.purge('goods');
  const alone = await two.ask(0, '/goods');
  deepStrictEqual([alone.status, (await two.told(0, '/goods')) === alone.text], [200, true]);
});
