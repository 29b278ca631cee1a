import type { FastifyReply } from 'fastify';
import type { Answer } from './answer.ts';

/**
 * Stands in for the reply while a handler runs inside a transaction: what it sends is written down, and leaves only
 * after the commit. A handler that runs again, after a lost race, gets a new draft.
 */
export class AnswerDraft {
  readonly reply: FastifyReply;
  #status = 200;
  readonly #headers = new Map<string, string>();
  #sent: { readonly payload: unknown } | undefined;

  constructor(real: FastifyReply) {
    this.reply = new Proxy(real, {
      get: (target, name) => this.#get(target, name),
      set: (_, name, value) => this.#set(name, value),
    });
  }

  /** The answer, given what the handler has returned: the reply itself, or a payload. */
  answer(returned: unknown): Answer {
    const payload = returned === this.reply || returned === undefined ? this.#sent?.payload : returned;
    return { status: this.#status, headers: Object.fromEntries(this.#headers), payload };
  }

  readonly #own: Readonly<Record<string, unknown>> = {
    code: (status: number) => this.#and(() => this.#setStatus(status)),
    status: (status: number) => this.#and(() => this.#setStatus(status)),
    header: (name: string, value: unknown) => this.#and(() => this.#headers.set(name.toLowerCase(), String(value))),
    headers: (all: Readonly<Record<string, unknown>>) =>
      this.#and(() => {
        for (const [name, value] of Object.entries(all)) this.#headers.set(name.toLowerCase(), String(value));
      }),
    type: (type: string) => this.#and(() => this.#headers.set('content-type', type)),
    getHeader: (name: string) => this.#headers.get(name.toLowerCase()),
    hasHeader: (name: string) => this.#headers.has(name.toLowerCase()),
    removeHeader: (name: string) => this.#and(() => this.#headers.delete(name.toLowerCase())),
    send: (payload: unknown) => this.#and(() => this.#send(payload)),
  };

  #get(target: FastifyReply, name: string | symbol): unknown {
    // A reply is thenable: awaiting this one must not wait for the real one to be sent.
    if (name === 'then') return undefined;
    if (name === 'statusCode') return this.#status;
    if (name === 'sent') return this.#sent !== undefined;
    if (typeof name === 'string' && Object.hasOwn(this.#own, name)) return this.#own[name];
    if (name === 'request' || name === 'server') return target[name];
    throw new Error(
      `A handler that honours Idempotency-Key cannot use reply.${String(name)}: it answers after the commit.`,
    );
  }

  #set(name: string | symbol, value: unknown): boolean {
    if (name === 'statusCode') this.#setStatus(Number(value));
    return name === 'statusCode';
  }

  #and(work: () => void): FastifyReply {
    work();
    return this.reply;
  }

  #setStatus(status: number): void {
    this.#status = status;
  }

  #send(payload: unknown): void {
    if (this.#sent) throw new Error('The answer was sent already.');
    this.#sent = { payload };
  }
}
