import type { Clock } from '@ashlar/domain';
import { exposition, type Logger, type Registry } from '@ashlar/telemetry';
import type { FastifyInstance } from 'fastify';

/** Asks a dependency whether it is there; throws if it is not. */
export type Check = () => Promise<unknown>;

export type Phase = 'starting' | 'ready' | 'draining';

export interface ProbesOptions {
  readonly checks: Readonly<Record<string, Check>>;
  readonly phase: () => Phase;
  readonly clock: Clock;
  readonly metrics: Registry;
  readonly log: Logger;
}

const CHECK_TIMEOUT_MS = 1_000;
const CHECKED_FOR_MS = 500;

const PROBE = { access: 'public', probe: true } as const;

/** What supervisors ask: is it alive, has it started, does it want requests, how does it do. */
export function registerProbes(http: FastifyInstance, options: ProbesOptions): void {
  const checks = new Checks(options);
  const hidden = { config: PROBE, schema: { hide: true } };
  http.get('/livez', hidden, async () => ({ status: 'alive' }));
  http.get('/startupz', hidden, async (_request, reply) => {
    const isStarting = options.phase() === 'starting';
    return reply.code(isStarting ? 503 : 200).send({ status: isStarting ? 'starting' : 'started' });
  });
  http.get('/readyz', hidden, async (_request, reply) => {
    const results = await checks.results();
    const phase = options.phase();
    const healthy = Object.values(results).every((result) => result === 'ok');
    const status = phase === 'ready' && !healthy ? 'unready' : phase;
    return reply
      .code(status === 'ready' ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status, checks: results });
  });
  http.get('/metrics', hidden, async (request, reply) => {
    const { contentType, text } = await exposition(options.metrics, request.headers.accept);
    return reply.header('content-type', contentType).header('vary', 'accept').send(text);
  });
}

type Results = Readonly<Record<string, string>>;

/** The checks' last results; asked again when they are older than half a second, once for all who wait. */
class Checks {
  #last: { readonly atMs: number; readonly results: Promise<Results> } | undefined;
  readonly #failing = new Set<string>();

  constructor(private readonly options: ProbesOptions) {}

  results(): Promise<Results> {
    const nowMs = this.options.clock.now().getTime();
    if (!this.#last || Math.abs(nowMs - this.#last.atMs) >= CHECKED_FOR_MS) {
      this.#last = { atMs: nowMs, results: this.#run() };
    }
    return this.#last.results;
  }

  async #run(): Promise<Results> {
    const entries = Object.entries(this.options.checks).map(async ([name, check]) => [
      name,
      await this.#one(name, check),
    ]);
    return Object.fromEntries(await Promise.all(entries)) as Results;
  }

  /** The reason stays in our log; who asks gets a word. */
  async #one(name: string, check: Check): Promise<string> {
    try {
      await inTime(check());
      this.#failing.delete(name);
      return 'ok';
    } catch (error) {
      if (!this.#failing.has(name)) this.options.log.warn({ err: error, check: name }, 'A check has failed.');
      this.#failing.add(name);
      return error instanceof TimedOut ? 'timed out' : 'failed';
    }
  }
}

class TimedOut extends Error {
  override readonly message = `The check has not answered within ${CHECK_TIMEOUT_MS} ms.`;
}

async function inTime(work: Promise<unknown>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TimedOut()), CHECK_TIMEOUT_MS);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
