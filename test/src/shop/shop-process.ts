import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ShopApi } from '@ashlar/cli';
import { dropNatsNamespace } from '@ashlar/messaging-nats';
import { dropNamespace, freePort } from '@ashlar/postgres';
import { dropRedisNamespace } from '@ashlar/projection-redis';
import { namespaceOf, postmasterOf } from './databases.ts';
import { natsUrl } from './nats.ts';
import { redisUrl } from './redis.ts';
import type { SagaStyle, Shop } from './shop.ts';
import { ShopFront } from './shop-front.ts';
import { eventually } from './waiting.ts';

export interface ShopOptions {
  readonly saga?: SagaStyle;
  readonly seed?: 'demo' | 'none';
  /** Variables of the system's environment; nothing is inherited but what a program needs to run. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A PostgreSQL of its own, even where the run of the tests has one to share. */
  readonly ownDatabase?: boolean;
  /** `order=2`: in processes, over NATS, so many replicas of these services and one of the others. */
  readonly replicas?: string;
  /** The program of another checkout. */
  readonly main?: string;
  /** Another client than the plain one. */
  readonly client?: (url: string) => ShopApi;
}

const MAIN = join(dirname(fileURLToPath(import.meta.resolve('@ashlar/cli'))), 'main.js');
const READY_WITHIN_MS = 120_000;

/** The whole system as a user starts it: `ashlar up` on its own data, in a process group of its own. */
export class ShopProcess extends ShopFront implements Shop {
  readonly directory: string;
  readonly databaseUrl: string | undefined;
  #child: ChildProcess | undefined;
  #output = '';
  #hasAnswered = false;

  private constructor(
    private readonly port: number,
    private readonly options: ShopOptions,
  ) {
    const directory = mkdtempSync(join(tmpdir(), 'ashlar-shop-'));
    const url = `http://127.0.0.1:${port}`;
    super(url, directory, options.client?.(url));
    this.directory = directory;
    this.databaseUrl = options.ownDatabase ? undefined : process.env['TEST_DATABASE_URL'];
    chmodSync(directory, 0o755);
  }

  static async start(options: ShopOptions = {}): Promise<ShopProcess> {
    const shop = new ShopProcess(await freePort('0.0.0.0'), options);
    await shop.start();
    return shop;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** What the system has said. */
  get output(): string {
    return this.#output;
  }

  /** Starts it, or starts it again on the same data; resolves when it is ready. */
  async start(change: ShopOptions = {}): Promise<void> {
    const { saga = 'orchestration', seed = 'none', environment = {}, replicas } = { ...this.options, ...change };
    const args = ['up', '--port', String(this.port), '--data', this.directory, '--saga', saga, '--seed', seed];
    if (replicas !== undefined) args.push('--topology', 'processes', '--replicas', replicas);
    const { PATH = '', HOME = '', TMPDIR, NODE_COMPILE_CACHE } = process.env;
    const child = spawn(process.execPath, [this.options.main ?? MAIN, ...args], {
      detached: true,
      // By the channel it hears when the test is gone, and ends too.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        PATH,
        HOME,
        ...(TMPDIR && { TMPDIR }),
        ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }),
        ...(this.databaseUrl && { DATABASE_URL: this.databaseUrl }),
        RATE_LIMIT_FACTOR: '1000',
        NATS_URL: this.#natsUrl,
        REDIS_URL: redisUrl,
        ...environment,
      },
    });
    this.#child = child;
    this.#hasAnswered = false;
    const heard = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-100_000);
    };
    child.stdout?.on('data', heard);
    child.stderr?.on('data', heard);
    await eventually('the system is ready', () => this.#isReady(child), READY_WITHIN_MS);
  }

  /** Sends a signal to the whole process group; answers the exit code when the process has ended. */
  async kill(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child!;
    if (hasEnded(child)) return child.exitCode;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    process.kill(-child.pid!, signal);
    return ended;
  }

  /** Sends a signal to the process that was started, and to none that it has started itself. */
  async killAlone(signal: NodeJS.Signals): Promise<void> {
    const ended = new Promise((resolve) => this.#child!.once('exit', resolve));
    this.#child!.kill(signal);
    await ended;
  }

  /** Kills PostgreSQL, and nothing else. */
  killDatabase(): void {
    process.kill(postmasterOf(this.directory).pid, 'SIGKILL');
  }

  /** Drains the system and removes its data. */
  async stop(): Promise<void> {
    await this.close();
    await this.kill('SIGTERM');
    const namespace = namespaceOf(this.directory);
    if (this.databaseUrl) await dropNamespace({ adminUrl: this.databaseUrl, namespace });
    if (this.options.replicas !== undefined) {
      await dropNatsNamespace({ url: this.#natsUrl, namespace });
      await dropRedisNamespace({ url: redisUrl, namespace }).catch(() => {});
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  get #natsUrl(): string {
    return this.options.environment?.['NATS_URL'] ?? natsUrl;
  }

  async #isReady(child: ChildProcess): Promise<boolean> {
    if (hasEnded(child)) throw new Error(`The system has ended before it was ready:\n${this.#output}`);
    const answer = await fetch(`${this.url}/readyz`).catch((error: { cause?: { code?: string } }) => {
      if (this.#hasAnswered && error.cause?.code === 'ECONNREFUSED')
        throw new Error('The system has let go of its port while it started: somebody else could have taken it.');
    });
    this.#hasAnswered ||= answer !== undefined;
    return answer?.ok ?? false;
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
