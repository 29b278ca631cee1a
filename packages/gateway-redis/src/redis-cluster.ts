import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, UuidV7Ids } from '@ashlar/domain';
import type { AnswerTier, Cluster, ClusterLimit, News, Verdict } from '@ashlar/gateway';
import type { Logger } from '@ashlar/telemetry';
import { Redis } from 'ioredis';
import { markChange, RedisAnswers } from './redis-answers.ts';
import { BUCKET, WINDOW } from './scripts.ts';

export interface RedisClusterOptions {
  readonly url: string;
  /** The beginning of every key: what has another one is another system. */
  readonly namespace: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** How long a request waits for its count; 50 ms when not told. */
  readonly timeoutMs?: number;
  /** Whether stored answers are shared. */
  readonly sharesAnswers?: boolean;
}

interface Scripted extends Redis {
  takeBucket(key: string, quota: number, windowMs: number): Promise<Counted>;
  takeWindow(key: string, quota: number, windowMs: number): Promise<Counted>;
}

type Counted = readonly [allowed: number, remaining: number, resetMs: number, retryMs: number];

const TIMEOUT_MS = 50;
/** After a count that was not answered in time, this long nobody waits for one. */
const LEFT_ALONE_MS = 500;
/** Access tokens are older than that by then. */
const ENDINGS_LIVE_MS = 20 * 60_000;
const MOST_WAITING = 1_000;
const CATCH_UP_AGAIN_MS = 250;
const TELL_AGAIN_MS = 1_000;

/** Several gateways before one Redis. While it is away, each goes on by itself. */
export const redisCluster = (options: RedisClusterOptions): Cluster => new RedisCluster(options);

type Ending = Extract<News, { readonly kind: 'session-ended' | 'user-ended' | 'role-changed' }>;

class RedisCluster implements Cluster {
  readonly answers?: AnswerTier;
  readonly #redis: Scripted;
  readonly #subscriber: Redis;
  readonly #id = new UuidV7Ids().next();
  /** What could not be told yet: sessions and roles that have ended, and whether anything else was lost. */
  readonly #waiting: Ending[] = [];
  #hasLost = false;
  #again: NodeJS.Timeout | undefined;
  /** How often it has begun to catch up. */
  #attempts = 0;
  #leftAloneUntil = 0;
  /** Those of our connections on which Redis has not answered again. */
  readonly #away = new Set<Redis>();
  #listener: (news: News) => void = () => {};

  constructor(private readonly options: RedisClusterOptions) {
    const { url, timeoutMs = TIMEOUT_MS } = options;
    const retryStrategy = (times: number): number => Math.min(1_000, 50 * times);
    const client = { enableOfflineQueue: false, maxRetriesPerRequest: 0, connectTimeout: 1_000, retryStrategy };
    this.#redis = new Redis(url, { ...client, commandTimeout: timeoutMs }) as Scripted;
    this.#redis.defineCommand('takeBucket', { numberOfKeys: 1, lua: BUCKET });
    this.#redis.defineCommand('takeWindow', { numberOfKeys: 1, lua: WINDOW });
    this.#subscriber = new Redis(url, { ...client, autoResubscribe: false });
    for (const redis of [this.#redis, this.#subscriber]) redis.on('error', (error) => this.#lose(redis, error));
    if (options.sharesAnswers) this.answers = this.#answerTier();
    this.#redis.on('ready', () => this.#tellWaiting());
    this.#subscriber.on('ready', () => void this.#catchUp());
    this.#subscriber.on('message', (_channel: string, text: string) => this.#heard(text));
  }

  async take({ name, shape, quota, windowMs }: ClusterLimit, key: string): Promise<Verdict | undefined> {
    if (!this.#isReady) return undefined;
    const place = `${this.options.namespace}:limit:${name}:${key}`;
    try {
      const counted = await (shape === 'bucket'
        ? this.#redis.takeBucket(place, quota, windowMs)
        : this.#redis.takeWindow(place, quota, windowMs));
      this.#regain(this.#redis);
      const [allowed, remaining, resetMs, retryMs] = counted;
      return { allowed: allowed === 1, remaining, resetMs, retryMs };
    } catch (error) {
      this.#leaveAlone(error);
      return undefined;
    }
  }

  #answerTier(): AnswerTier {
    return new RedisAnswers({
      redis: this.#redis,
      namespace: this.options.namespace,
      isReady: () => this.#isReady,
      onFailure: (error) => this.#leaveAlone(error),
    });
  }

  get #isReady(): boolean {
    return this.#redis.status === 'ready' && performance.now() >= this.#leftAloneUntil;
  }

  #leaveAlone(error: unknown): void {
    this.#leftAloneUntil = performance.now() + LEFT_ALONE_MS;
    this.#lose(this.#redis, error);
  }

  tell(news: News): void {
    this.#publish(news).catch((error: unknown) => {
      this.#lose(this.#redis, error);
      if (!isEnding(news)) this.#hasLost = true;
      else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(news);
      // It may be there, and have had no room.
      this.#again ??= setTimeout(() => {
        this.#again = undefined;
        if (this.#redis.status === 'ready') this.#tellWaiting();
      }, TELL_AGAIN_MS).unref();
    });
  }

  listen(listener: (news: News) => void): void {
    this.#listener = listener;
  }

  async close(): Promise<void> {
    clearTimeout(this.#again);
    this.#redis.disconnect();
    this.#subscriber.disconnect();
  }

  get #nowMs(): number {
    return this.options.clock.now().getTime();
  }

  get #channel(): string {
    return `${this.options.namespace}:gateways`;
  }

  get #endings(): string {
    return `${this.options.namespace}:endings`;
  }

  /** An ending is kept too, for gateways that come or come back. */
  async #publish(news: News): Promise<void> {
    const text = JSON.stringify({ from: this.#id, news });
    const all = this.#redis.pipeline();
    markChange(all, this.options.namespace, news);
    if (isEnding(news)) all.zadd(this.#endings, this.#nowMs, JSON.stringify(news));
    const told = await all.publish(this.#channel, text).exec();
    const failure = told?.find(([error]) => error)?.[0];
    if (failure) throw failure;
  }

  /** Until it has succeeded, or the connection is lost: then it begins anew with the next one. */
  async #catchUp(): Promise<void> {
    const attempt = ++this.#attempts;
    while (attempt === this.#attempts && this.#subscriber.status === 'ready') {
      try {
        return await this.#readAgain();
      } catch (error) {
        this.#lose(this.#subscriber, error);
      }
      await pause(CATCH_UP_AGAIN_MS, undefined, { ref: false });
    }
  }

  /** It may have missed news: what is stored is doubtful, and the endings are read again. */
  async #readAgain(): Promise<void> {
    await this.#subscriber.subscribe(this.#channel);
    this.#listener({ kind: 'lost' });
    const since = this.#nowMs - ENDINGS_LIVE_MS;
    await this.#redis.zremrangebyscore(this.#endings, 0, since);
    for (const text of await this.#redis.zrangebyscore(this.#endings, since, '+inf')) this.#listener(JSON.parse(text));
    this.#regain(this.#subscriber);
  }

  #tellWaiting(): void {
    for (const news of this.#waiting.splice(0)) this.tell(news);
    if (!this.#hasLost) return;
    this.#hasLost = false;
    this.tell({ kind: 'lost' });
  }

  #heard(text: string): void {
    const { from, news } = JSON.parse(text) as { from: string; news: News };
    if (from !== this.#id) this.#listener(news);
  }

  /** An outage is told once: what fails until Redis has answered again, on both connections, is a consequence of it. */
  #lose(redis: Redis, error: unknown): void {
    const level = this.#away.size > 0 ? 'debug' : 'warn';
    this.#away.add(redis);
    this.options.log[level]({ err: error }, 'Redis is away: this gateway counts and remembers by itself.');
  }

  #regain(redis: Redis): void {
    if (!this.#away.delete(redis) || this.#away.size > 0) return;
    this.options.log.info('Redis is back: this gateway counts and remembers together with the others.');
  }
}

const ENDINGS: readonly News['kind'][] = ['session-ended', 'user-ended', 'role-changed'];

const isEnding = (news: News): news is Ending => ENDINGS.includes(news.kind);
