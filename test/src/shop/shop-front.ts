import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ShopApi } from '@ashlar/cli';
import { Member } from './member.ts';

/** What every way of running a system has: its API, and its administrator. */
export class ShopFront {
  #admin: Promise<Member> | undefined;

  protected constructor(
    readonly url: string,
    private readonly data: string,
    readonly api: ShopApi = new ShopApi(url),
  ) {}

  /** The administrator, signed in once. */
  admin(): Promise<Member> {
    const secret = () => JSON.parse(readFileSync(join(this.data, 'admin.json'), 'utf8')) as Secret;
    this.#admin ??= Member.signIn(this.api, secret());
    return this.#admin;
  }

  protected close(): Promise<void> {
    return this.api.close();
  }
}

interface Secret {
  readonly email: string;
  readonly password: string;
}
