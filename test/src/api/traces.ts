import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { Page } from '@ashlar/cli';
import { checkoutTrace, type TraceView, traceOf, type WalkedSpan } from '../shop/trace-walk.ts';
import { eventually } from '../shop/waiting.ts';
import { setCarrier } from './sagas.ts';
import { refused, type Stage, type StageTests } from './stage.ts';

const isBooking = ({ name }: WalkedSpan): boolean => name === 'job book-carrier';

const hasFailed = ({ status }: WalkedSpan): boolean => status.code === 2;

const checkout = ({ shop, alice, cup }: Stage, meanwhile?: (traceId: string) => Promise<void>) =>
  checkoutTrace(shop, { customer: alice, productId: cup.id }, meanwhile);

export const traces: StageTests = {
  'one checkout is one connected trace, through messages, jobs and databases': async (stage) => {
    const spans = await checkout(stage);
    strictEqual(spans.filter(isBooking).length, 1);
    deepStrictEqual(spans.filter(hasFailed), []);
  },

  'what is tried again stays in its trace, beside the try that failed': async (stage) => {
    const { shop } = stage;
    await setCarrier(stage, 'errors');
    const spans = await checkout(stage, async (traceId) => {
      await eventually('a booking has failed', async () =>
        (await traceOf(shop, traceId)).some((span) => isBooking(span) && hasFailed(span)),
      );
      await setCarrier(stage, 'none');
    });
    const bookings = spans.filter(isBooking);
    ok(bookings.length >= 2);
    strictEqual(new Set(bookings.map(({ parentSpanId }) => parentSpanId)).size, 1);
    strictEqual(bookings.filter(hasFailed).length, bookings.length - 1);
  },

  'traces are listed newest first, for administrators, and looking at them leaves none': async (stage) => {
    const { admin, alice } = stage;
    await alice.get('/v1/users/me');
    const { items } = await admin.get<Page<TraceView>>('/ops/traces?limit=3');
    const times = items.map(({ startedAt }) => startedAt);
    deepStrictEqual([items.length, times.toSorted().reverse()], [3, times]);
    ok(items.every(({ name }) => !name.includes('/ops/')));
    refused(await alice.call('GET /ops/traces'), '403 forbidden');
    refused(await admin.call(`GET /ops/traces/${'0'.repeat(31)}1`), '404 not_found');
  },

  'the doctor judges the running system, by its probes and its traces': async ({ admin, alice }) => {
    const report = await admin.get<Report>('/ops/doctor');
    ok(Date.parse(report.madeAt) > 0);
    const judged = report.scores.filter(({ status }) => status !== 'unknown').map(({ item }) => item);
    for (const item of ['tracing', 'health', 'event-driven']) ok(judged.includes(item), item);
    const errors = report.findings.filter(({ severity }) => severity === 'error');
    deepStrictEqual(
      errors.map(({ rule, what }) => `${rule}: ${what}`),
      [],
    );
    deepStrictEqual(await admin.get<Report>('/ops/doctor'), report);
    refused(await alice.call('GET /ops/doctor'), '403 forbidden');
  },
};

interface Report {
  readonly madeAt: string;
  readonly findings: readonly { readonly rule: string; readonly severity: string; readonly what: string }[];
  readonly scores: readonly { readonly item: string; readonly status: string }[];
}
