import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { dropNatsNamespace } from '@ashlar/messaging-nats';
import { freePort } from '@ashlar/postgres';
import { dropRedisNamespace } from '@ashlar/projection-redis';
import { atEnd, root } from './lifetime.ts';

const LOOK_EVERY_MS = 5;
const START_WITHIN_MS = 120_000;

export interface ShopOptions {
  readonly data: string;
  readonly saga?: 'orchestration' | 'choreography';
  /** As a user starts it, or the system's own process alone. */
  readonly command?: 'main.js up' | 'npm start';
  /** `order=2`: each replica of each service a process of its own; all in one when not told. */
  readonly replicas?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The whole shop in a process of its own. */
export class ShopProcess {
  private constructor(
    readonly url: string,
    readonly startedInMs: number,
    private readonly child: ChildProcess,
    private readonly data: string,
  ) {}

  /** Resolves when `/readyz` answers 200. */
  static async start({
    data,
    saga = 'orchestration',
    command = 'main.js up',
    replicas,
    environment = {},
  }: ShopOptions): Promise<ShopProcess> {
    const port = await freePort();
    const options = ['--port', String(port), '--data', data, '--saga', saga];
    if (replicas !== undefined) options.push('--topology', 'processes', '--replicas', replicas);
    const [file, ...args] =
      command === 'npm start'
        ? ['npm', 'start', '--silent', '--', ...options]
        : [process.execPath, join(root, 'cli', 'dist', 'main.js'), 'up', ...options];
    const began = performance.now();
    // Of its own group, so that what npm starts can be told to stop with it.
    const child = spawn(file!, args, {
      cwd: root,
      detached: true,
      env: { ...process.env, RATE_LIMIT_FACTOR: '1000', ...environment },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const url = `http://127.0.0.1:${port}`;
    const shop = new ShopProcess(url, await untilReady(url, child, began), child, data);
    atEnd(async () => {
      await shop.stop();
      if (replicas !== undefined) await shop.#forget();
    });
    return shop;
  }

  /** Told to stop, it drains; resolves when it has ended. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    process.kill(-this.child.pid!, 'SIGTERM');
    await ended;
  }

  /** Without a word to anybody; what it has started ends by itself. */
  async kill(): Promise<void> {
    const ended = once(this.child, 'exit');
    process.kill(-this.child.pid!, 'SIGKILL');
    await ended;
  }

  /** What it has left on servers that are not its own. */
  async #forget(): Promise<void> {
    const { NATS_URL = 'nats://127.0.0.1:4222', REDIS_URL = 'redis://127.0.0.1:6379' } = process.env;
    const namespace = this.#namespace;
    await dropNatsNamespace({ url: NATS_URL, namespace });
    await dropRedisNamespace({ url: REDIS_URL, namespace });
  }

  get pid(): number {
    return this.child.pid!;
  }

  get postgresPid(): number {
    return Number(this.#postmaster()[0]);
  }

  /** The administrator's address of its embedded server. */
  get adminUrl(): string {
    const password = readFileSync(join(this.data, 'postgres', 'password'), 'utf8').trim();
    return `postgres://postgres:${password}@127.0.0.1:${this.#postmaster()[3]}/postgres`;
  }

  /** The administrator's address of the database of a service. */
  databaseUrl(service: string): string {
    return this.adminUrl.replace(/postgres$/, `ashlar_${this.#namespace}_${service}`);
  }

  get #namespace(): string {
    return readFileSync(join(this.data, 'namespace'), 'utf8').trim();
  }

  #postmaster(): string[] {
    return readFileSync(join(this.data, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n');
  }
}

async function untilReady(url: string, child: ChildProcess, began: number): Promise<number> {
  while (performance.now() - began < START_WITHIN_MS) {
    if (child.exitCode !== null) throw new Error(`The shop ended with exit code ${child.exitCode}.`);
    const ready = await fetch(`${url}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (ready) return performance.now() - began;
    await pause(LOOK_EVERY_MS);
  }
  throw new Error('The shop did not become ready.');
}
