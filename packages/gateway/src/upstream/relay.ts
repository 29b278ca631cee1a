import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Exchange } from '../exchange.ts';
import { ClientGone } from '../wire/body.ts';
import { outwardHeaders } from '../wire/headers.ts';
import { type FailureKind, UpstreamFailure } from './upstream.ts';

type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/** How long a client may take nothing of an answer that is there. */
const STALLED_MS = 30_000;

export interface RelayOptions {
  readonly origin: string;
  readonly timeoutMs: number;
  readonly stream: boolean;
}

/** Passes one answer on to the client while it comes in, at the pace at which the client takes it. */
export class Relay implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange;
  readonly #response: ServerResponse;
  readonly #settled = Promise.withResolvers<void>();
  readonly #deadline: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #isOver = false;
  #bytesLeft = Number.POSITIVE_INFINITY;

  constructor(
    exchange: Exchange,
    private readonly options: RelayOptions,
  ) {
    this.#exchange = exchange;
    this.#response = exchange.response;
    this.#deadline = setTimeout(() => this.#fail(new UpstreamFailure('timeout')), options.timeoutMs);
    exchange.onGone = () => this.#fail(new ClientGone('The client went away before it had its answer.'));
  }

  /** Resolves at the end of the answer. Rejects with an `UpstreamFailure`, or with `ClientGone`. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Ends an endless answer, so that the client comes back elsewhere. */
  end(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#controller?.abort(new Error('drained'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('no longer wanted'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200 || this.#isOver) return;
    // A crash page of a service may tell what is inside: errors pass only in the form that was agreed.
    if (status >= 500 && !String(headers['content-type']).startsWith('application/problem+json')) {
      this.#fail(new UpstreamFailure('broken'));
      return;
    }
    clearTimeout(this.#deadline);
    this.#bytesLeft = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
    this.#exchange.begin(status, outwardHeaders(headers, this.options.origin));
    if (this.options.stream) this.#response.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    this.#bytesLeft -= chunk.length;
    if (this.#bytesLeft === 0) return void this.#response.end(chunk);
    if (!this.#response.write(chunk)) this.#waitForClient(controller);
  }

  onResponseEnd(): void {
    if (!this.#isOver) this.#finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#fail(new UpstreamFailure(this.#kindOf(error), error));
  }

  #waitForClient(controller: Dispatcher.DispatchController): void {
    controller.pause();
    const stalled = setTimeout(() => this.#fail(new ClientGone('The client has stopped reading.')), STALLED_MS);
    this.#response.once('drain', () => {
      clearTimeout(stalled);
      controller.resume();
    });
    this.#response.once('close', () => clearTimeout(stalled));
  }

  #finish(): void {
    this.#over();
    this.#response.end();
    this.#settled.resolve();
  }

  #fail(failure: Error): void {
    if (this.#isOver) return;
    this.#over();
    this.#controller?.abort(failure);
    this.#settled.reject(failure);
  }

  #over(): void {
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#exchange.onGone = undefined;
  }

  #kindOf(error: Error & { code?: unknown }): FailureKind {
    if (this.#response.headersSent) return 'broken';
    if (!this.#controller) return 'unreachable';
    const code = String(error.code ?? '');
    return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE' ? 'reset' : 'broken';
  }
}
