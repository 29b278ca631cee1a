import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually, freePort } from '@ashlar/postgres';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const BINARY = 'nats-server';

/** Why tests that stop and break a server are skipped; `false` if they are to run. */
export const natsServerMissing: string | false =
  process.env['REQUIRE_SERVICES'] === '1' || spawnSync(BINARY, ['--version']).status === 0
    ? false
    : 'nats-server is not installed';

/** A server of the test's own, on a free port, with a store that the test may take away. */
export class NatsServer {
  #child: ChildProcess | undefined;

  private constructor(
    private readonly port: number,
    private readonly store: string,
  ) {}

  static async start(t: TestContext): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), mkdtempSync(join(tmpdir(), 'ashlar-nats-')));
    t.after(async () => {
      await server.stop();
      rmSync(server.store, { recursive: true, force: true });
    });
    await server.start();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const args = ['-a', '127.0.0.1', '-p', String(this.port), '-js', '-sd', this.store];
    this.#child = spawn(BINARY, args, { stdio: 'ignore' });
    await eventually('the server stores', () => this.#stores().catch(() => false));
  }

  /** It answers before it has its store. */
  async #stores(): Promise<boolean> {
    const connection = await connect({ servers: this.url, reconnect: false, timeout: 500 });
    try {
      await (await jetstreamManager(connection)).getAccountInfo();
      return true;
    } finally {
      await connection.close();
    }
  }

  /** Ends without a word, as with the power. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** As an operator can, while everybody is connected. */
  async deleteStream(stream: string): Promise<void> {
    const connection = await connect({ servers: this.url });
    try {
      const { streams } = await jetstreamManager(connection);
      await streams.delete(stream);
    } finally {
      await connection.close();
    }
  }

  /** While it is stopped. */
  loseEverything(): void {
    rmSync(join(this.store, 'jetstream'), { recursive: true, force: true });
  }

  /** While it is stopped: remembers what this stream holds; the answer takes it back to that. */
  remember(stream: string): () => void {
    const messages = join(this.store, 'jetstream', '$G', 'streams', stream, 'msgs');
    const copy = join(this.store, `remembered ${stream}`);
    if (!existsSync(messages)) throw new Error(`The server keeps no messages in ${messages}.`);
    cpSync(messages, copy, { recursive: true });
    return () => {
      rmSync(messages, { recursive: true });
      cpSync(copy, messages, { recursive: true });
    };
  }
}
