import {
  type Answer,
  type Method,
  type Problem,
  type Question,
  type ReceivedEvent,
  RefusedError,
  ShopApi,
} from '@ashlar/cli';
import { ANYWHERE, CALLS, NOWHERE } from './contract.ts';
import { type DescribedAnswers, descriptionFaults } from './described.ts';

const NO_CALL = 'no call';

/** What no client may ever read: stacks, SQL, and where things really are. */
const LEAKS = [
  /\n\s+at |node:internal|node_modules|\.js:\d+|\.ts:\d+/,
  /\b(select|insert into|update|delete from)\b.+\b(from|set|values|where)\b/i,
  /\b(syntax error|relation "|violates|duplicate key|pg_|postgres(ql)?\b)/i,
  /127\.0\.0\.1|localhost:|ECONNREFUSED|ENOENT|ETIMEDOUT/,
];

/** A client that remembers every answer it got, and what was wrong with its form. */
export class WitnessApi extends ShopApi {
  constructor(
    url: string,
    private readonly witness: Witness,
  ) {
    super(url);
  }

  override async call<Body = unknown>(call: `${Method} /${string}`, question: Question = {}): Promise<Answer<Body>> {
    const answer = await super.call<Body>(call, question);
    this.witness.saw(call, answer);
    return answer;
  }

  override async *follow<Data>(
    path: `/${string}`,
    question: Question & { readonly lastEventId?: string } = {},
  ): AsyncGenerator<ReceivedEvent<Data>> {
    try {
      for await (const event of super.follow<Data>(path, question)) {
        this.witness.noted(`GET ${path}`, '200');
        yield event;
      }
    } catch (error) {
      if (error instanceof RefusedError)
        this.witness.noted(`GET ${path}`, `${error.status} ${(JSON.parse(error.text) as Problem).code}`);
      throw error;
    }
  }
}

/** What was seen of the contract by all clients together. */
export class Witness {
  readonly #seen = new Map<string, Set<string>>();
  readonly faults: string[] = [];

  constructor(private readonly described: DescribedAnswers) {}

  saw(call: string, { status, headers, body, text }: Answer<unknown>): void {
    const { code } = (body ?? {}) as Partial<Problem>;
    this.noted(call, status >= 400 ? `${status} ${code}` : String(status));
    const about = `${call} answered ${status} ${text.slice(0, 300)}`;
    if (!headers['x-request-id']) this.faults.push(`${about} without X-Request-Id`);
    if (status >= 500 && status !== 503) this.faults.push(about);
    if (status >= 400)
      for (const fault of problemFaults(call, { status, headers, body, text })) this.faults.push(`${about}: ${fault}`);
    for (const fault of this.descriptionFaults(call, { status, headers, body, text }))
      this.faults.push(`${about}: ${fault}`);
    if (status >= 400 && LEAKS.some((leak) => leak.test(text))) this.faults.push(`${about}: tells of the inside`);
  }

  /** The operators' calls are put together by the gateway, and an answer to HEAD has no body. */
  private descriptionFaults(call: string, answer: Answer<unknown>): string[] {
    const [method = '', target = ''] = call.split(' ');
    if (method === 'HEAD' || target.startsWith('/ops/')) return [];
    return descriptionFaults(this.described, nameOf(method, target.split('?')[0] ?? ''), answer);
  }

  noted(call: string, answer: string): void {
    const [method = '', target = ''] = call.split(' ');
    const name = nameOf(method, target.split('?')[0] ?? '');
    this.#seen.set(name, (this.#seen.get(name) ?? new Set()).add(answer));
  }

  /** Documented, and never seen. */
  get missing(): string[] {
    const everywhere = new Set([...this.#seen.values()].flatMap((answers) => [...answers]));
    return [
      ...[...CALLS].flatMap(([call, { answers }]) =>
        answers.filter((answer) => !this.#seen.get(call)?.has(answer)).map((answer) => `${call}: ${answer}`),
      ),
      ...ANYWHERE.filter((answer) => !everywhere.has(answer)),
      ...NOWHERE.filter((answer) => !this.#seen.get(NO_CALL)?.has(answer)).map((answer) => `${NO_CALL}: ${answer}`),
    ];
  }

  /** Seen, and not documented. */
  get undocumented(): string[] {
    return [...this.#seen].flatMap(([call, answers]) => {
      const documented = call === NO_CALL ? [...NOWHERE, '204', '200'] : (CALLS.get(call)?.answers ?? []);
      return [...answers]
        .filter((answer) => !documented.includes(answer) && !ANYWHERE.includes(answer))
        .map((answer) => `${call}: ${answer}`);
    });
  }
}

/** The row of the table that a request is about; the one with the fewest parameters, where several fit. */
function nameOf(method: string, path: string): string {
  const fits = [...CALLS.keys()].filter((call) => {
    const [verb, pattern = ''] = call.split(' ');
    const [wanted, given] = [pattern.split('/'), path.split('/')];
    return (
      verb === method &&
      wanted.length === given.length &&
      wanted.every((part, at) => (part.startsWith(':') && given[at] !== '') || part === given[at])
    );
  });
  return fits.sort((one, other) => one.split(':').length - other.split(':').length)[0] ?? NO_CALL;
}

function problemFaults(call: string, { status, headers, body }: Answer<unknown>): string[] {
  const [method = '', target = ''] = call.split(' ');
  if (method === 'HEAD') return [];
  const problem = (body ?? {}) as Partial<Problem>;
  const path = target.split('?')[0] ?? '';
  const checks: Readonly<Record<string, boolean>> = {
    'is no problem+json': headers['content-type']?.startsWith('application/problem+json') ?? false,
    'has another status than its answer': problem.status === status,
    'has no type': /^(https?:|urn:|about:)/.test(problem.type ?? ''),
    'has no title': (problem.title ?? '') !== '',
    'has no code': /^[a-z_]+$/.test(problem.code ?? ''),
    'has no trace id': /^[0-9a-f]{32}$/.test(problem.traceId ?? ''),
    'is about something else':
      problem.instance === path || (problem.code ?? '').startsWith('malformed') || status === 414,
    'names no part that is wrong': problem.code !== 'invalid_request' || (problem.errors ?? []).length > 0,
    'does not say when to come back': status !== 429 || Number(headers['retry-after']) >= 1,
    'does not say how to sign in': status !== 401 || headers['www-authenticate'] !== undefined,
    'does not say what is allowed': status !== 405 || headers['allow'] !== undefined,
    'may be cached': headers['cache-control'] === 'no-store',
  };
  return Object.entries(checks).flatMap(([fault, isRight]) => (isRight ? [] : [fault]));
}
