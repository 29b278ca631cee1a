import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@ashlar/postgres';
import { eventually } from '../shop/waiting.ts';

export interface ServerProgram {
  readonly name: string;
  readonly scheme: string;
  argsFor(place: Address & { readonly store: string }): readonly string[];
  answers(address: Address): Promise<boolean>;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where a server runs, when that is not beside everybody else. */
export interface Elsewhere {
  readonly address: string;
  enter(program: string): readonly [string, ...string[]];
  remove(): void;
}

/** A server that a test may stop, kill and rob; what it has stored stays for its next start. */
export class OwnServer {
  readonly url: string;
  readonly address: Address;
  #store: string;
  #server: ChildProcess | undefined;

  private constructor(
    private readonly program: ServerProgram,
    port: number,
    private readonly elsewhere: Elsewhere | undefined,
  ) {
    const host = elsewhere?.address ?? '127.0.0.1';
    this.address = { host, port };
    this.url = `${program.scheme}://${host}:${port}`;
    this.#store = this.#emptyStore();
  }

  static async start(program: ServerProgram, elsewhere?: Elsewhere): Promise<OwnServer> {
    const server = new OwnServer(program, await freePort('0.0.0.0'), elsewhere);
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const { program, address, elsewhere } = this;
    const [command, ...before] = elsewhere?.enter(program.name) ?? [program.name];
    const args = [...before, ...program.argsFor({ ...address, store: this.#store })];
    this.#server = spawn(command, args, { stdio: 'ignore' });
    await eventually(`${program.name} answers`, () => program.answers(address));
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const hasEnded = server.exitCode !== null || server.signalCode !== null;
    if (hasEnded) return;
    server.kill(signal);
    await once(server, 'exit');
  }

  /** It dies, and what it had stored is gone. */
  async loseStore(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.#store, { recursive: true, force: true });
    this.#store = this.#emptyStore();
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#store, { recursive: true, force: true });
  }

  #emptyStore(): string {
    return mkdtempSync(join(tmpdir(), `ashlar-${this.program.name}-`));
  }
}
