import type { Framing } from './framing.ts';
import type { RequestHead } from './head-reader.ts';
import type { HeaderList } from './header-list.ts';

/** What takes a request's body in. */
export interface BodySink {
  /**
   * Answers false when it is enough for now: the connection is read on after `request.resume()`. The bytes count until
   * it returns.
   */
  content(bytes: Buffer): boolean;
  end(): void;
  /** The client has gone, sends no chunks, or takes too long. */
  fail(error: Error): void;
}

/** The connection, as a request needs it. */
export interface BodySource {
  /** Hands on what has come already, and what comes. */
  readBody(): void;
}

/** A request as it was read from the wire. Its body is read when somebody takes it. */
export class ClientRequest {
  readonly method: string;
  readonly target: string;
  readonly minor: number;
  readonly headers: HeaderList;
  /** The whole body has been read. */
  complete: boolean;
  sink: BodySink | undefined;
  #failure: Error | undefined;

  constructor(
    head: RequestHead,
    readonly framing: Framing,
    private readonly source: BodySource,
  ) {
    this.method = head.method;
    this.target = head.target;
    this.minor = head.minor;
    this.headers = head.headers;
    this.complete = framing.kind === 'none';
  }

  get hasBody(): boolean {
    return this.framing.kind !== 'none';
  }

  /** How long the body is, where that was told. */
  get length(): number | undefined {
    if (this.framing.kind === 'length') return this.framing.bytes;
    return this.framing.kind === 'none' ? 0 : undefined;
  }

  /** Begins to read the body; a sink that is there already is replaced. */
  take(sink: BodySink): void {
    this.sink = sink;
    if (this.#failure) return sink.fail(this.#failure);
    if (this.complete) return sink.end();
    this.source.readBody();
  }

  resume(): void {
    if (!this.complete) this.source.readBody();
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.sink?.fail(error);
  }
}
