import type { Exchange } from '@ashlar/gateway';
import { Refusal, type RefusalOptions } from '@ashlar/gateway';
import { formatTraceparent } from '@ashlar/telemetry';
import { Agent } from 'undici';
import { CONSISTENCY_TOKEN } from './checked-tokens.ts';

export type ReplicaStatus = 'starting' | 'ready' | 'draining' | 'down';

/** A running copy of a service, as whoever started it knows it. */
export interface ServiceReplica {
  readonly replica: string;
  readonly pid: number;
  /** Empty while it has none: it starts, or it is down. */
  readonly url: string;
  readonly version: string;
  readonly startedAt: Date;
  /** `ready` when not told. */
  readonly status?: ReplicaStatus;
}

export interface RunningReplicas {
  readonly service: string;
  readonly replicas: readonly ServiceReplica[];
}

/** Who can be asked: those that are ready; where none is, those that drain, for they still answer. */
export function readyUrls(all: readonly RunningReplicas[], service: string): readonly string[] {
  const replicas = all.find((one) => one.service === service)?.replicas ?? [];
  const urls = (wanted: ReplicaStatus) =>
    replicas.filter(({ status = 'ready' }) => status === wanted).map(({ url }) => url);
  const ready = urls('ready');
  return ready.length > 0 ? ready : urls('draining');
}

export interface Question {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** On whose behalf it is asked: the administrator's token and trace go with it. */
  readonly exchange?: Exchange;
  /** It has to be as new as the client's Consistency-Token says. */
  readonly isFresh?: boolean;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly body: unknown;
}

const PATIENCE_MS = 3_000;
const LONGEST_ANSWER = 8 << 20;

/** Asks services on their own ports, for the operations. A service that does not answer in time is away. */
export class Services {
  readonly #agent = new Agent({ connections: 8, maxResponseSize: LONGEST_ANSWER });

  constructor(readonly running: () => readonly RunningReplicas[]) {}

  get names(): readonly string[] {
    return this.running().map(({ service }) => service);
  }

  /** The answer of the first replica that has one. */
  async ask(service: string, question: Question): Promise<ServiceAnswer | undefined> {
    for (const url of readyUrls(this.running(), service)) {
      const answer = await this.askReplica(url, question);
      if (answer && (answer.status < 500 || isTooOld(answer))) return answer;
    }
    return undefined;
  }

  async askReplica(url: string, question: Question): Promise<ServiceAnswer | undefined> {
    const { method, path, exchange, isFresh = false } = question;
    try {
      const headers = exchange ? { ...onBehalfOf(exchange), ...(isFresh && freshnessOf(exchange)) } : {};
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const { statusCode, body } = await this.#agent.request({ origin: url, method, path, headers, signal });
      const text = await body.text();
      return { status: statusCode, body: text === '' ? undefined : JSON.parse(text) };
    } catch {
      return undefined;
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

const onBehalfOf = ({ token, trace, requestId }: Exchange): Record<string, string> => ({
  accept: 'application/json',
  'x-request-id': requestId,
  ...(token !== undefined && { authorization: `Bearer ${token}` }),
  ...(trace && { traceparent: formatTraceparent(trace) }),
});

function freshnessOf({ request }: Exchange): Record<string, string> {
  const token = request.headers.get(CONSISTENCY_TOKEN);
  return token === undefined ? {} : { [CONSISTENCY_TOKEN]: token };
}

/** The service is there, and has not heard yet of what the client's Consistency-Token names. */
export const isTooOld = ({ status, body }: ServiceAnswer): boolean =>
  status === 503 && (body as Told | undefined)?.code === 'consistency_timeout';

interface Told {
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: RefusalOptions['errors'];
}

/** A service's refusal, told as if it were the gateway's. */
export function refusalIn({ status, body }: ServiceAnswer): Refusal {
  const { code = 'refused', detail = 'The service has refused it.', errors } = (body ?? {}) as Told;
  const headers = status === 503 ? { 'retry-after': '1' } : {};
  return new Refusal(status, code, { detail, headers, ...(errors && { errors }) });
}
