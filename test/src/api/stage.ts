import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import type { Answer, OrderView, Problem, ProductView, ShopApi } from '@ashlar/cli';
import type { Customer } from '../shop/member.ts';
import { Member } from '../shop/member.ts';
import type { SagaStyle } from '../shop/shop.ts';
import { ShopProcess } from '../shop/shop-process.ts';
import { type Witness, WitnessApi } from './witness.ts';

/** A running shop with people and things that most tests need. */
export interface Stage {
  readonly shop: ShopProcess;
  readonly api: ShopApi;
  readonly admin: Member;
  readonly alice: Customer;
  readonly bob: Customer;
  /** 10.00, a million pieces. */
  readonly cup: ProductView;
}

/** Tests of one area, by their titles. */
export type StageTests = Readonly<Record<string, (stage: Stage) => Promise<void>>>;

export const CUP_PRICE = 1_000;

/** After this time a silent carrier is away: long enough for one that comes back, short enough to wait for. */
export const STEP_TIMEOUT_MS = 8_000;

export async function openStage(
  saga: SagaStyle,
  witness: Witness,
  environment: Readonly<Record<string, string>> = {},
): Promise<Stage> {
  const shop = await ShopProcess.start({
    saga,
    environment: { SAGA_STEP_TIMEOUT_MS: String(STEP_TIMEOUT_MS), ...environment },
    client: (url) => new WitnessApi(url, witness),
  });
  const { api } = shop;
  const admin = await shop.admin();
  const [cup, alice, bob] = await Promise.all([
    admin.makeProduct({ price: CUP_PRICE, pieces: 1_000_000 }),
    Member.withMoney(api, 100_000_000),
    Member.withMoney(api, 100_000_000),
  ]);
  return { shop, api, admin, alice, bob, cup };
}

/** Checks that it was refused, and why; the form of the refusal is checked by the witness. */
export function refused(answer: Answer<unknown>, expected: string): Problem {
  const problem = (answer.body ?? {}) as Problem;
  strictEqual(`${answer.status} ${problem.code}`, expected, answer.text);
  return problem;
}

/** The paths that a 400 names. */
export const wrongPaths = ({ errors = [] }: Problem): string[] => [...new Set(errors.map(({ path }) => path))].sort();

export const wentThrough = ({ timeline }: OrderView, ...types: readonly string[]): void =>
  deepStrictEqual(
    timeline.map(({ type }) => type),
    ['created', ...types],
  );

/** An id that nothing has. */
export const NOBODY = '01900000-0000-7000-8000-00000000dead';
