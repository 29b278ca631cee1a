import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually, freePort } from '@ashlar/postgres';
import { Redis } from 'ioredis';

const isInstalled = spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;

/** For tests: why those that need a Redis server of their own are skipped; `false` if they are to run. */
export const redisMissing: string | false =
  isInstalled || process.env['REQUIRE_SERVICES'] === '1' ? false : 'redis-server is not installed';

/** For tests: a Redis server of their own, on a free port, to be stopped, frozen and emptied. */
export class TestRedis {
  #process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly directory: string,
  ) {}

  static async start(t: Pick<TestContext, 'after'>): Promise<TestRedis> {
    const directory = mkdtempSync(join(tmpdir(), 'ashlar-redis-'));
    const redis = new TestRedis(await freePort(), directory);
    t.after(async () => {
      await redis.kill();
      rmSync(directory, { recursive: true, force: true });
    });
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Begins with what was saved last. */
  async start(): Promise<void> {
    const options = { port: this.port, bind: '127.0.0.1', save: '', dir: this.directory, loglevel: 'warning' };
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#process = spawn('redis-server', flags, { stdio: 'ignore' });
    await eventually('Redis answers', () => this.ask((client) => client.ping()).then(Boolean, () => false));
  }

  async ask<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.url, { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => {});
    try {
      await client.connect();
      return await work(client);
    } finally {
      client.disconnect();
    }
  }

  /** It answers nobody, and its connections stay open. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}
