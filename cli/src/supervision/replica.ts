import { type ChildProcess, fork } from 'node:child_process';
import { systemClock } from '@ashlar/domain';
import type { ReplicaStatus, ServiceReplica } from '@ashlar/shop-gateway';
import { BackOff } from './back-off.ts';
import type { Order, Report } from './protocol.ts';

export interface ReplicaOptions {
  readonly name: string;
  /** The program, compiled. */
  readonly entry: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly version: string;
  /** What it is told first. */
  readonly orders: () => readonly Order[];
  readonly observer: ReplicaObserver;
}

export interface ReplicaObserver {
  /** Its status or address is another one. */
  changed(replica: Replica): void;
  /** It listens, and may be told to begin. */
  listening(replica: Replica): void;
  /** It takes leave, asked or not: balancers are to look elsewhere. */
  draining(replica: Replica): void;
  /** Its process has died, and there will be another one. */
  died(replica: Replica, end: ReplicaEnd): void;
  /** It has ended for good; `0` is how a replica ends that was asked to. */
  gone(replica: Replica, code: number | null): void;
}

export interface ReplicaEnd {
  readonly pid: number;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly againInMs: number;
  /** What it said itself, where it could. */
  readonly why?: string;
}

/** A replica could not be started. What it says is for the person at the terminal. */
export class ReplicaFailedError extends Error {
  override readonly name = 'ReplicaFailedError';

  constructor(readonly lines: readonly string[]) {
    super(lines.join('\n'));
  }
}

/** After SIGTERM: so long for the requests, the messages and the jobs at hand. Then it is killed. */
const PATIENCE_MS = 30_000;

/** Who was never ready may have been too slow for somebody: so many processes are started before that counts. */
const FIRST_TRIES = 3;

/** One replica of a service: a process, and after a crash another one in its place. */
export class Replica {
  readonly name: string;
  readonly #ready = Promise.withResolvers<void>();
  readonly #listening = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<void>();
  readonly #backOff = new BackOff();
  #child: ChildProcess | undefined;
  #status: ReplicaStatus = 'starting';
  #isLeaving = false;
  #tries = 0;
  #url = '';
  #pid = 0;
  #startedAt = systemClock.now();
  #failure: readonly string[] = [];
  #again: NodeJS.Timeout | undefined;

  constructor(private readonly options: ReplicaOptions) {
    this.name = options.name;
    for (const { promise } of [this.#ready, this.#listening]) promise.catch(() => {});
    this.#launch();
  }

  get status(): ReplicaStatus {
    return this.#status;
  }

  get url(): string {
    return this.#url;
  }

  /** It does not come back any more. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  get view(): ServiceReplica {
    const { version } = this.options;
    const { name: replica, status } = this;
    return { replica, pid: this.#pid, url: this.#url, version, startedAt: this.#startedAt, status };
  }

  /** Rejects with `ReplicaFailedError` when its first processes, all of them, end before it is ready. */
  get whenListening(): Promise<void> {
    return this.#listening.promise;
  }

  get whenReady(): Promise<void> {
    return this.#ready.promise;
  }

  tell(order: Order): void {
    if (this.#child?.connected) this.#child.send(order, () => {});
  }

  /** Asks it to drain and to end for good; resolves when it has. */
  async leave(): Promise<void> {
    const child = this.#child;
    this.#isLeaving = true;
    if (!child) return this.#vanish(0);
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    await this.#gone.promise.finally(() => clearTimeout(kill));
  }

  #launch(): void {
    const { entry, environment, orders } = this.options;
    this.#startedAt = systemClock.now();
    this.#failure = [];
    this.#tries += 1;
    const child = fork(entry, [], { env: environment, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child = child;
    this.#pid = child.pid ?? 0;
    child.on('message', (report) => this.#heard(report as Report));
    child.once('error', (error) => {
      this.#failure = [String(error)];
      if (child.pid === undefined) this.#ended(null, null);
    });
    child.once('exit', (code, signal) => this.#ended(code, signal));
    for (const order of orders()) this.tell(order);
    this.#become('starting');
  }

  #heard(report: Report): void {
    switch (report.type) {
      case 'listening':
        this.#url = report.url;
        this.#listening.resolve();
        return this.options.observer.listening(this);
      case 'ready':
        this.#backOff.ready();
        this.#become('ready');
        return this.#ready.resolve();
      case 'draining':
        this.#isLeaving = true;
        this.#become('draining');
        return this.options.observer.draining(this);
      case 'failed':
        this.#failure = report.lines;
    }
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    const how = signal ?? `code ${code}`;
    if (this.#isLeaving || this.#tries >= FIRST_TRIES) this.#fail(how);
    this.#child = undefined;
    this.#url = '';
    // Who had not begun had nothing to finish, however it ended.
    if (this.#isLeaving) return this.#vanish(this.#status === 'starting' ? 0 : code);
    const againInMs = this.#backOff.died();
    this.#again = setTimeout(() => this.#launch(), againInMs);
    this.#become('down');
    const why = this.#failure.join(' ');
    this.options.observer.died(this, { pid: this.#pid, code, signal, againInMs, ...(why && { why }) });
  }

  #fail(how: string): void {
    const lines = [`ashlar: ${this.name} has ended before it was ready (${how}).`];
    const failure = new ReplicaFailedError(this.#failure.length > 0 ? this.#failure : lines);
    for (const { reject } of [this.#listening, this.#ready]) reject(failure);
  }

  #vanish(code: number | null): void {
    clearTimeout(this.#again);
    this.#fail('it was told to end');
    this.#become('down');
    this.options.observer.gone(this, code);
    this.#gone.resolve();
  }

  #become(status: ReplicaStatus): void {
    this.#status = status;
    this.options.observer.changed(this);
  }
}
