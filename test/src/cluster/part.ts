import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Elsewhere } from '../replicas/own-server.ts';
import { eventually } from '../shop/waiting.ts';

export interface Place {
  readonly host: string;
  readonly port: number;
  /** Another network than ours. */
  readonly elsewhere?: Elsewhere | undefined;
}

const MAIN = join(dirname(fileURLToPath(import.meta.resolve('@ashlar/cli'))), 'main.js');
const READY_WITHIN_MS = 120_000;
const REMEMBERED = 100_000;

/** One process of a cluster, as a platform starts it: `ashlar serve PART`, told by its environment. */
export class Part {
  readonly url: string;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(
    readonly part: string,
    readonly name: string,
    private readonly place: Place,
    private readonly environment: Readonly<Record<string, string>>,
  ) {
    this.url = `http://${place.host}:${place.port}`;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** What it has said, since its first start. */
  get output(): string {
    return this.#output;
  }

  start(): void {
    const { place, part, name, environment } = this;
    const [command, ...before] = place.elsewhere?.enter(process.execPath) ?? [process.execPath];
    const { PATH = '', HOME = '', NODE_COMPILE_CACHE } = process.env;
    const child = spawn(command, [...before, MAIN, 'serve', part], {
      // By the channel it hears when the test is gone, and ends too.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        ...{
          PATH,
          HOME,
          HOST: place.host,
          PORT: String(place.port),
          REPLICA: name,
          DRAIN_MS: '1500',
          LOG_LEVEL: 'warn',
        },
        ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }),
        ...environment,
      },
    });
    const heard = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-REMEMBERED);
    };
    child.stdout?.on('data', heard);
    child.stderr?.on('data', heard);
    this.#child = child;
  }

  async ready(): Promise<void> {
    await eventually(`${this.name} is ready`, () => this.#isReady(), READY_WITHIN_MS).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.#output}`);
    });
  }

  async #isReady(): Promise<boolean> {
    if (this.#hasEnded()) throw new Error(`${this.name} has ended before it was ready.`);
    return (await fetch(`${this.url}/readyz`).catch(() => undefined))?.ok ?? false;
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Answers the exit code when it has ended. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (!child) return null;
    if (!this.#hasEnded()) {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    }
    return child.exitCode;
  }

  #hasEnded(): boolean {
    return this.#child?.exitCode !== null || this.#child.signalCode !== null;
  }
}
