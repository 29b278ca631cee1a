import { Agent, type Dispatcher } from 'undici';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

export interface Question {
  readonly token?: string | undefined;
  /** Sent as JSON; text and bytes are sent as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
  /** The body as it came. */
  readonly text: string;
}

export interface ReceivedEvent<Data> {
  readonly id: string;
  readonly event: string;
  readonly data: Data;
}

const PATIENCE_MS = 35_000;

/** The shop's public API as a client sees it: calls over kept connections, and streams of events. */
export class ShopApi {
  readonly #agent: Agent;
  readonly #origin: string;

  constructor(url: string) {
    this.#origin = new URL(url).origin;
    this.#agent = new Agent({ headersTimeout: PATIENCE_MS, bodyTimeout: 0, connect: { timeout: 5_000 } });
  }

  async call<Body = unknown>(call: `${Method} /${string}`, question: Question = {}): Promise<Answer<Body>> {
    const { statusCode: status, headers, body } = await this.#send(call, question);
    const text = await body.text();
    return { status, headers: flat(headers), body: parsed(text) as Body, text };
  }

  /** What the stream tells, until it ends or the caller stops listening. */
  async *follow<Data>(
    path: `/${string}`,
    question: Question & { readonly lastEventId?: string } = {},
  ): AsyncGenerator<ReceivedEvent<Data>> {
    const { lastEventId, ...asked } = question;
    const resume = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const { statusCode, body } = await this.#send(`GET ${path}`, {
      ...asked,
      headers: { ...asked.headers, ...resume },
    });
    if (statusCode !== 200) throw new RefusedError(statusCode, await body.text());
    let unread = '';
    for await (const chunk of body.setEncoding('utf8')) {
      const blocks = (unread + chunk).split('\n\n');
      unread = blocks.pop() ?? '';
      for (const block of blocks) if (!block.startsWith(':')) yield eventIn<Data>(block);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #send(call: string, { token, body, headers, signal }: Question): Promise<Dispatcher.ResponseData> {
    const [method, path] = call.split(' ') as [Dispatcher.HttpMethod, string];
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    return this.#agent.request({
      origin: this.#origin,
      method,
      path,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  }
}

/** The shop has answered, but not what was hoped for. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';

  constructor(
    readonly status: number,
    readonly text: string,
  ) {
    super(`The shop answered ${status}: ${text.slice(0, 300)}`);
  }
}

const flat = (headers: Dispatcher.ResponseData['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function eventIn<Data>(block: string): ReceivedEvent<Data> {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  return {
    id: fields.get('id') ?? '',
    event: fields.get('event') ?? '',
    data: JSON.parse(fields.get('data') ?? 'null') as Data,
  };
}
