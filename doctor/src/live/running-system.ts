/** The running system cannot be asked; the message says what to do. */
export class LiveError extends Error {
  override readonly name = 'LiveError';
}

export interface LiveBreaker {
  readonly name: string;
  readonly state: string;
  readonly failureRate: number;
}

export interface LiveProbe {
  readonly status: number | undefined;
  /** The names of what was checked, where the answer tells them. */
  readonly checks: readonly string[];
}

export interface LiveReplica {
  readonly service: string;
  readonly replica: string;
  readonly url: string;
  readonly status: string;
  readonly live: LiveProbe;
  readonly ready: LiveProbe;
  readonly breakers: readonly LiveBreaker[];
}

/** What a running Ashlar answers. */
export interface RunningSystem {
  /** Also those of which no replica runs. */
  readonly services: readonly string[];
  readonly replicas: readonly LiveReplica[];
  /** Recent traces as JSON texts, as the system keeps them. */
  readonly traces: readonly string[];
  /** The types of messages that a consumer handles whatever they say; nothing where the system does not tell. */
  readonly handled: ReadonlySet<string> | undefined;
}

export interface LiveOptions {
  readonly url: string;
  /** An administrator's token; or an administrator. */
  readonly token?: string | undefined;
  readonly administrator?: { readonly email: string; readonly password: string } | undefined;
}

const PATIENCE_MS = 5_000;
const MOST_TRACES = 100;
/** Who is looked at has others to answer. */
const AT_ONCE = 8;

/** Asks a running Ashlar by its operations, and each replica by its probes. */
export async function readRunningSystem(options: LiveOptions): Promise<RunningSystem> {
  const origin = originOf(options.url);
  const token = options.token ?? (await signIn(origin, options.administrator));
  const headers = { authorization: `Bearer ${token}` };
  const services = await ask(new URL('/ops/services', origin), { headers });
  if (services.status === 401 || services.status === 403) {
    throw new LiveError(`${origin} does not let us in: an administrator's token is needed (ASHLAR_TOKEN).`);
  }
  if (services.status !== 200)
    throw new LiveError(`${origin}/ops/services answers ${services.status}: is it an Ashlar?`);
  const told = servicesIn(services.body);
  if (!told) throw new LiveError(`${origin}/ops/services answers something else than an Ashlar: is it one?`);
  return {
    services: told.map(({ service }) => service),
    replicas: await Promise.all(
      told.flatMap(({ service, replicas }) => replicas.map((one) => withProbes({ ...one, service }))),
    ),
    traces: await recentTraces(origin, headers),
    handled: await handledTypes(origin, headers),
  };
}

/** The list tells either the traces themselves, or their ids. */
async function recentTraces(origin: string, headers: Readonly<Record<string, string>>): Promise<string[]> {
  const { status, body } = await ask(new URL(`/ops/traces?limit=${MOST_TRACES}`, origin), { headers });
  if (status !== 200) return [];
  const { items } = (body ?? {}) as { items?: readonly { traceId?: unknown }[] };
  const ids = (Array.isArray(items) ? items : []).map(({ traceId }) => traceId).filter((id) => typeof id === 'string');
  if (ids.length === 0) return [JSON.stringify(body)];
  const texts: string[] = [];
  for (let from = 0; from < Math.min(ids.length, MOST_TRACES); from += AT_ONCE) {
    const asked = ids.slice(from, from + AT_ONCE).map((id) => ask(new URL(`/ops/traces/${id}`, origin), { headers }));
    // One that does not come in time is one trace less.
    for (const answer of await Promise.allSettled(asked))
      if (answer.status === 'fulfilled' && answer.value.status === 200) texts.push(JSON.stringify(answer.value.body));
  }
  return texts;
}

async function handledTypes(
  origin: string,
  headers: Readonly<Record<string, string>>,
): Promise<ReadonlySet<string> | undefined> {
  const { status, body } = await ask(new URL('/ops/consumers', origin), { headers });
  const { items } = (body ?? {}) as { items?: readonly { handles?: readonly string[] }[] };
  if (status !== 200 || !Array.isArray(items)) return undefined;
  return items.every(({ handles }) => Array.isArray(handles))
    ? new Set(items.flatMap(({ handles }) => handles!))
    : undefined;
}

function originOf(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    throw new LiveError(`"${url}" is no address: it should look like http://localhost:8080.`);
  }
}

async function signIn(origin: string, administrator: LiveOptions['administrator']): Promise<string> {
  if (!administrator)
    throw new LiveError("An administrator's token is needed: ASHLAR_TOKEN, or ADMIN_EMAIL and ADMIN_PASSWORD.");
  const answer = await ask(new URL('/v1/sessions', origin), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(administrator),
  });
  const token = (answer.body as { accessToken?: unknown } | undefined)?.accessToken;
  if (typeof token !== 'string')
    throw new LiveError(`${administrator.email} cannot sign in at ${origin} (${answer.status}).`);
  return token;
}

async function ask(url: URL, init: RequestInit = {}): Promise<{ status: number; body: unknown }> {
  try {
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) });
    const text = await answer.text();
    return { status: answer.status, body: parsed(text) };
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : (error as Error).message;
    throw new LiveError(`${url.origin} does not answer: ${cause.trim()}`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface ToldReplica {
  readonly service: string;
  readonly replica: string;
  readonly url: string;
  readonly status: string;
  readonly breakers: readonly LiveBreaker[];
}

interface ToldService {
  readonly service: string;
  readonly replicas: readonly ToldReplica[];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isReplica = (value: unknown): boolean =>
  isRecord(value) && typeof value['replica'] === 'string' && URL.canParse(String(value['url']));

const isService = (value: unknown): value is ToldService =>
  isRecord(value) &&
  typeof value['service'] === 'string' &&
  Array.isArray(value['replicas']) &&
  value['replicas'].every(isReplica);

/** Nothing where it is no list of services. */
function servicesIn(body: unknown): readonly ToldService[] | undefined {
  const items = isRecord(body) ? body['items'] : undefined;
  return Array.isArray(items) && items.every(isService) ? items : undefined;
}

async function withProbes({ service, replica, url, status, breakers }: ToldReplica): Promise<LiveReplica> {
  const [live, ready] = await Promise.all([probe(url, '/livez'), probe(url, '/readyz')]);
  return { service, replica, url, status, breakers: breakers ?? [], live, ready };
}

async function probe(url: string, path: string): Promise<LiveProbe> {
  try {
    const { status, body } = await ask(new URL(path, url));
    return { status, checks: Object.keys((body as { checks?: object } | undefined)?.checks ?? {}) };
  } catch {
    return { status: undefined, checks: [] };
  }
}
