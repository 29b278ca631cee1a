import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RefusedError, ShopApi } from '../demo/shop-api.ts';

export interface OperatorOptions {
  readonly url: string;
  readonly dataDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** The administrator at a terminal: signed in with the credentials that the system keeps beside its data. */
export class Operator {
  private constructor(
    private readonly api: ShopApi,
    private readonly token: string,
  ) {}

  static async signIn({ url, dataDirectory, environment }: OperatorOptions): Promise<Operator> {
    const api = new ShopApi(url);
    try {
      const body = credentials(dataDirectory, environment);
      const answer = await api.call<{ accessToken: string }>('POST /v1/sessions', { body });
      if (answer.status !== 201) throw new RefusedError(answer.status, answer.text);
      return new Operator(api, answer.body.accessToken);
    } catch (error) {
      await api.close();
      throw error;
    }
  }

  async ask<Body>(call: `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`, body?: object): Promise<Body> {
    const answer = await this.api.call<Body>(call, { token: this.token, ...(body && { body }) });
    if (answer.status >= 400) throw new RefusedError(answer.status, answer.text);
    return answer.body;
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

  /** Signs out, so that no session is left behind. */
  async close(): Promise<void> {
    await this.api.call('DELETE /v1/sessions', { token: this.token }).catch(() => {});
    await this.api.close();
  }
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string | null;
}

/** From the environment where the password was given, else from the file of the first start. */
function credentials(dataDirectory: string, environment: NodeJS.ProcessEnv) {
  const { ADMIN_EMAIL: email = 'admin@ashlar.local', ADMIN_PASSWORD: password } = environment;
  if (password) return { email, password };
  const kept = JSON.parse(readFileSync(join(resolve(dataDirectory), 'admin.json'), 'utf8'));
  return { email: String(kept.email), password: String(kept.password) };
}
