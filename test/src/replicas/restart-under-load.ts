import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { SeededChance } from '../shop/chance.ts';
import { expectStatus, Member } from '../shop/member.ts';
import type { ShopProcess } from '../shop/shop-process.ts';
import { eventually, inParallel } from '../shop/waiting.ts';
import { replicasOf } from './replica-views.ts';
import { aLoad } from './survive-kills.ts';

interface RestartView {
  readonly state: string;
  readonly left: readonly string[];
  readonly error?: string;
}

interface Wish {
  readonly body?: object;
  /** What may be answered. */
  readonly right?: readonly number[];
}

const READERS = 4;

/** Each request is sent once: a failure is a failure. */
class Readers {
  readonly faults: string[] = [];
  asked = 0;
  #isOver = false;

  constructor(
    private readonly members: readonly Member[],
    private readonly productId: string,
  ) {}

  start(): Promise<unknown> {
    return Promise.all(this.members.map((member) => this.#read(member)));
  }

  end(): void {
    this.#isOver = true;
  }

  async #read(member: Member): Promise<void> {
    while (!this.#isOver) {
      await this.#once(member, 'GET /v1/orders');
      await this.#once(member, `GET /v1/products/${this.productId}`);
      await this.#once(member, `GET /v1/inventory/${this.productId}`);
      await this.#once(member, 'GET /v1/accounts');
      await this.#once(member, 'PATCH /v1/users/me', { body: { name: `Ada ${this.asked}` } });
      await this.#once(member, 'POST /v1/accounts', { body: { currency: 'USD' }, right: [201, 409] });
    }
  }

  async #once(member: Member, call: Parameters<Member['call']>[0], { body, right = [200] }: Wish = {}): Promise<void> {
    this.asked += 1;
    const fault = await member.call(call, { ...(body && { body }) }).then(
      ({ status, text }) => (right.includes(status) ? undefined : `${status} ${text}`),
      (error: unknown) => String(error),
    );
    if (fault !== undefined) this.faults.push(`${call}: ${fault}`);
  }
}

/** Replaces replicas while people shop and read; none of them notices. */
export async function restartUnderLoad(
  t: TestContext,
  shop: ShopProcess,
  { services, perSecond }: { readonly services: readonly string[]; readonly perSecond: number },
): Promise<void> {
  const admin = await shop.admin();
  const { id } = await admin.makeProduct();
  const load = await aLoad(shop, new SeededChance(), perSecond);
  t.after(() => load.giveUp());
  const members = await inParallel(READERS, READERS, () => Member.signUp(shop.api));
  const readers = new Readers(members, id);
  const before = await replicasOf(shop);
  load.start();
  const reading = readers.start();
  expectStatus(202, await admin.call('POST /ops/restart', { body: { services } }));
  const state = () => admin.get<RestartView>('/ops/restart');
  await eventually('the restart is over', async () => (await state()).state !== 'running', 120_000).finally(() =>
    readers.end(),
  );
  await reading;
  await load.finish();
  deepStrictEqual({ ...(await state()), replaced: [] }, { state: 'done', replaced: [], left: [] });
  const after = await replicasOf(shop);
  const kept = after.filter(({ pid }) => before.some((one) => one.pid === pid)).map(({ service }) => service);
  t.diagnostic(`${readers.asked} reads and changes, ${load.answered} orders and payments`);
  ok(!kept.some((service) => services.includes(service)), `still there: ${kept}`);
  strictEqual(after.length, before.length);
  deepStrictEqual([readers.faults, load.faults, [...load.failures], load.retried], [[], [], [], 0]);
}
