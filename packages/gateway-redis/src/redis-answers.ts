import type { AnswerTier, FoundAnswers, KeptAnswer, News } from '@ashlar/gateway';
import type { ChainableCommander, Redis } from 'ioredis';
import { FIND_ANSWER, KEEP_ANSWER, MARK_CHANGE } from './scripts.ts';

export interface RedisAnswersOptions {
  readonly redis: Redis;
  readonly namespace: string;
  /** Whether Redis is there, and answers in time as far as is known. */
  readonly isReady: () => boolean;
  readonly onFailure: (error: unknown) => void;
}

interface Scripted extends Redis {
  findAnswerBuffer(...args: readonly string[]): Promise<[now: number, ...found: (number | Buffer)[]]>;
  keepAnswer(...args: readonly (string | Buffer | number)[]): Promise<number>;
}

/** Longer than any answer is kept and any service may take: a mark outlives all that it voids. */
const MARKS_LIVE_MS = 2 * 3_600_000;

/** Stored answers in Redis, each for as long as it is fresh, in the name of the moment at which it was asked for. */
export class RedisAnswers implements AnswerTier {
  readonly #redis: Scripted;
  readonly #marks: string;

  constructor(private readonly options: RedisAnswersOptions) {
    this.#redis = options.redis as Scripted;
    this.#marks = marksOf(options.namespace);
    this.#redis.defineCommand('findAnswer', { numberOfKeys: 1, lua: FIND_ANSWER });
    this.#redis.defineCommand('keepAnswer', { numberOfKeys: 1, lua: KEEP_ANSWER });
  }

  async find(key: string): Promise<FoundAnswers | undefined> {
    if (!this.options.isReady()) return undefined;
    try {
      const [since, ...found] = await this.#redis.findAnswerBuffer(this.#place(key), this.#marks, key);
      const entries = found.filter((part): part is Buffer => typeof part === 'object');
      const variants = entries.map((entry, at) => ({ entry, keptMs: Number(found[2 * at]) / 1_000 }));
      return { since, variants };
    } catch (error) {
      this.options.onFailure(error);
      return undefined;
    }
  }

  keep(key: string, { entry, tags, variant, since, ttlMs }: KeptAnswer): void {
    if (!this.options.isReady()) return;
    this.#redis
      .keepAnswer(this.#place(key), this.#marks, key, tags.join('\n'), since, entry, ttlMs, variant)
      .catch((error: unknown) => this.options.onFailure(error));
  }

  #place(key: string): string {
    return `${this.options.namespace}:answers:${key}`;
  }
}

const marksOf = (namespace: string): string => `${namespace}:changed:`;

/** Voids what all gateways share and the news make doubtful, in the same round trip that tells them. */
export function markChange(all: ChainableCommander, namespace: string, news: News): void {
  const mark = markOf(news);
  if (mark !== undefined) all.eval(MARK_CHANGE, 1, marksOf(namespace) + mark, MARKS_LIVE_MS);
}

function markOf(news: News): string | undefined {
  if (news.kind === 'purge') return `tag:${news.tag}`;
  if (news.kind === 'changed') return `key:${news.key}`;
  return news.kind === 'lost' ? 'all' : undefined;
}
