import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { RefusedError, ShopApi } from '../demo/shop-api.ts';
import { KeptToken } from './kept-token.ts';

export interface OperatorOptions {
  readonly url: string;
  readonly dataDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Told why it takes longer. */
  readonly tell: (text: string) => void;
}

type Call = `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`;

/** The administrator at a terminal, who signs in at the first question, with what the system keeps beside its data. */
export class Operator {
  readonly #api: ShopApi;
  #token: Promise<string> | undefined;
  /** The token is of an earlier command: it may be over. */
  #isOld = false;

  constructor(private readonly options: OperatorOptions) {
    this.#api = new ShopApi(options.url);
  }

  async ask<Body>(call: Call, body?: object): Promise<Body> {
    this.#token ??= this.#begin();
    let answer = await this.#call<Body>(call, body);
    if (answer.status === 401 && this.#isOld) {
      this.#isOld = false;
      this.#token = this.#signIn();
      answer = await this.#call<Body>(call, body);
    }
    if (answer.status >= 400) throw new RefusedError(answer.status, answer.text);
    return answer.body;
  }

  async #begin(): Promise<string> {
    const old = this.#kept.read();
    this.#isOld = old !== undefined;
    return old ?? this.#signIn();
  }

  async #call<Body>(call: Call, body: object | undefined) {
    return this.#api.call<Body>(call, { token: await this.#token!, ...(body && { body }) });
  }

  get #secret(): Secret {
    return credentials(this.options.dataDirectory, this.options.environment);
  }

  get #kept(): KeptToken {
    return new KeptToken(this.options.dataDirectory, { url: this.options.url, email: this.#secret.email });
  }

  /** The shop takes only so many sign-ins a minute: past them it says how long to wait. */
  async #signIn(): Promise<string> {
    const body = this.#secret;
    for (let waits = MOST_WAITS; ; waits--) {
      const answer = await this.#api.call<{ accessToken: string }>('POST /v1/sessions', { body });
      if (answer.status === 201) {
        this.#kept.write(answer.body.accessToken);
        return answer.body.accessToken;
      }
      const seconds = Number(answer.headers['retry-after']);
      if (answer.status !== 429 || waits === 0 || !(seconds <= LONGEST_WAIT_S))
        throw new RefusedError(answer.status, answer.text);
      this.options.tell(`The shop takes no more sign-ins for now; going on in ${seconds} s …`);
      await pause(seconds * 1_000);
    }
  }

  /** Everything of a list, page by page. */
  async all<Item>(path: `/${string}`): Promise<Item[]> {
    const items: Item[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const separator = path.includes('?') ? '&' : '?';
      const page: Page<Item> = await this.ask(`GET ${path}${separator}limit=100${after}`);
      items.push(...page.items);
      cursor = page.nextCursor ?? null;
    }
    return items;
  }

  async close(): Promise<void> {
    await this.#api.close();
  }
}

const MOST_WAITS = 2;
const LONGEST_WAIT_S = 60;

interface Secret {
  readonly email: string;
  readonly password: string;
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string | null;
}

/** From the environment where the password was given, else from the file of the first start. */
function credentials(dataDirectory: string, environment: NodeJS.ProcessEnv): Secret {
  const { ADMIN_EMAIL: email = 'admin@ashlar.local', ADMIN_PASSWORD: password } = environment;
  if (password) return { email, password };
  const kept = JSON.parse(readFileSync(join(resolve(dataDirectory), 'admin.json'), 'utf8'));
  return { email: String(kept.email), password: String(kept.password) };
}
