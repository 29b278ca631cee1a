import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, Gauge, Registry } from 'prom-client';
import { Durations } from './durations.ts';
import { exposition } from './exposition.ts';
import { processMetrics } from './process-metrics.ts';

const OPEN = 'application/openmetrics-text; version=1.0.0';

const sampled = (sampled: boolean) => ({
  trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled },
  correlationId: 'c',
});

function aRegistry(): Registry {
  const registers = [new Registry()];
  new Counter({ name: 'orders_total', help: 'Orders.', labelNames: ['of'], registers }).inc({ of: 'a"b\\c\nd' }, 2);
  new Gauge({ name: 'lag_seconds', help: 'Late\nby \\ "this".', registers }).set(0.25);
  return registers[0]!;
}

test('Prometheus text: names as they are, and what would end a label or a line is escaped', async () => {
  const { contentType, text } = await exposition(aRegistry(), undefined);
  strictEqual(contentType, 'text/plain; version=0.0.4; charset=utf-8');
  strictEqual(
    text,
    [
      String.raw`# HELP lag_seconds Late\nby \\ "this".`,
      '# TYPE lag_seconds gauge',
      'lag_seconds 0.25',
      '# HELP orders_total Orders.',
      '# TYPE orders_total counter',
      String.raw`orders_total{of="a\"b\\c\nd"} 2`,
      '',
    ].join('\n'),
  );
});

test('OpenMetrics: a counter’s family has no suffix, units are told, and the end is marked', async () => {
  const registry = aRegistry();
  const { contentType, text } = await exposition(registry, OPEN);
  strictEqual(contentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  strictEqual(
    text,
    [
      '# TYPE lag_seconds gauge',
      '# UNIT lag_seconds seconds',
      String.raw`# HELP lag_seconds Late\nby \\ \"this\".`,
      'lag_seconds 0.25',
      '# TYPE orders counter',
      '# HELP orders Orders.',
      String.raw`orders_total{of="a\"b\\c\nd"} 2`,
      '# EOF',
      '',
    ].join('\n'),
  );
  match((await exposition(registry, undefined)).text, /^orders_total\{/m);
});

test('who says that OpenMetrics is liked as much as text, or more, gets it', async () => {
  const isOpen = async (accept: string) => (await exposition(new Registry(), accept)).text === '# EOF\n';
  const prometheus = `${OPEN};q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1`;
  deepStrictEqual(
    await Promise.all(
      [prometheus, OPEN, `text/plain, ${OPEN}`, `text/plain, ${OPEN};q=0.9`, '*/*', `${OPEN};q=0`].map(isOpen),
    ),
    [true, true, true, false, false, false],
  );
});

test('durations fall into every bucket from theirs on, and each bucket names the last sampled trace', async () => {
  const registry = new Registry();
  const durations = Durations.in(registry, { name: 'work_seconds', help: 'Work.', labels: ['route', 'method'] });
  durations.of('/a/:id', 'GET').observe(0.001, sampled(true));
  durations.of('/a/:id', 'GET').observe(1, sampled(false));
  durations.of('/a/:id', 'GET').observe(1.5, sampled(true));
  durations.of('/a/:id', 'GET').observe(99, undefined);
  const { text } = await exposition(registry, OPEN);
  const bucket = (le: string) =>
    text
      .split('\n')
      .find((line) => line.includes(`le="${le}"`))
      ?.split('} ', 2)[1];
  const about = `# {trace_id="${'a'.repeat(32)}",span_id="${'b'.repeat(16)}"`;
  deepStrictEqual(['0.001', '0.5', '1.0', '2.5', '30.0', '+Inf'].map(bucket), [
    `1 ${about}`,
    '1',
    '2',
    `3 ${about}`,
    '3',
    '4',
  ]);
  match(text, /^work_seconds_bucket\{route="\/a\/:id",method="GET",le="2.5"\} 3 # \{[^}]+\} 1.5 \d+\.\d{3}$/m);
  match(text, /^work_seconds_sum\{route="\/a\/:id",method="GET"\} 101.501$/m);
  match(text, /^work_seconds_count\{route="\/a\/:id",method="GET"\} 4$/m);
  ok(!(await exposition(registry, undefined)).text.includes('trace_id'));
});

test('two servers of a process count in one family', async () => {
  const registry = new Registry();
  const family = () => Durations.in(registry, { name: 'work_seconds', help: 'Work.', labels: ['route'] });
  family().of('/a').observe(1, undefined);
  family().of('/a').observe(1, undefined);
  match((await exposition(registry, undefined)).text, /^work_seconds_count\{route="\/a"\} 2$/m);
});

test('a process tells how late and how busy its event loop is, and that is not how often it looks', async () => {
  const registry = new Registry();
  processMetrics(registry);
  const { text } = await exposition(registry, undefined);
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 'NaN');
  const [p50, p99, max] = ['p50', 'p99', 'max'].map((part) => value(`nodejs_eventloop_delay_${part}_seconds`));
  ok(p50! >= 0 && p50! <= p99! && p99! <= max!, text);
  const utilization = value('nodejs_eventloop_utilization_ratio');
  ok(utilization >= 0 && utilization <= 1, text);
  ok(value('process_cpu_seconds_total') > 0 && value('process_resident_memory_bytes') > 1e7, text);
});
