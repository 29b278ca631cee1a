import { deepStrictEqual } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { invariants } from '../shop/invariants.ts';
import type { SagaStyle } from '../shop/shop.ts';
import { accounts } from './accounts.ts';
import { cards } from './cards.ts';
import { consistency } from './consistency.ts';
import { conventions } from './conventions.ts';
import { describedAnswers } from './described.ts';
import { hostile } from './hostile.ts';
import { keys } from './keys.ts';
import { limits } from './limits.ts';
import { metrics } from './metrics.ts';
import { operations } from './operations.ts';
import { orders } from './orders.ts';
import { privacy } from './privacy.ts';
import { products } from './products.ts';
import { sagas } from './sagas.ts';
import { openStage, type Stage, type StageTests } from './stage.ts';
import { streams } from './streams.ts';
import { tokens } from './tokens.ts';
import { traces } from './traces.ts';
import { users } from './users.ts';
import { Witness } from './witness.ts';

/** Who walks a trace needs it whole. */
const EVERY_TRACE = { OTEL_TRACES_SAMPLER_ARG: '1' };

const witness = new Witness(await describedAnswers());

describe('the public API', { concurrency: true }, () => {
  const common = {
    privacy,
    users,
    tokens,
    products,
    accounts,
    orders,
    streams,
    keys,
    consistency,
    operations,
    conventions,
    hostile,
  };
  shopIn('orchestration', EVERY_TRACE, { ...common, sagas, traces, metrics });
  shopIn('choreography', { ...EVERY_TRACE, RATE_LIMIT_FACTOR: '1' }, { privacy, sagas, traces, cards, limits });
});

test('every documented answer was seen, no other one was, and each had its form', () => {
  deepStrictEqual(
    { missing: witness.missing, undocumented: witness.undocumented, faults: witness.faults.slice(0, 20) },
    { missing: [], undocumented: [], faults: [] },
  );
});

/** A shop of its own for these areas; in the end its books are right. */
function shopIn(
  saga: SagaStyle,
  environment: Readonly<Record<string, string>>,
  areas: Readonly<Record<string, StageTests>>,
): void {
  describe(saga, { concurrency: 1 }, () => {
    let stage: Stage;
    before(async () => {
      stage = await openStage(saga, witness, environment);
    });
    after(() => stage?.shop.stop());
    for (const [name, tests] of Object.entries(areas)) {
      describe(name, { concurrency: 1 }, () => {
        for (const [title, work] of Object.entries(tests)) test(title, () => work(stage));
      });
    }
    test('in the end the books are right', async () => {
      await invariants(stage.shop);
    });
  });
}
