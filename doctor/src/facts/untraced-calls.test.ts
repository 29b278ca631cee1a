import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { type Mutation, withMutant } from '../fixtures/mutation.fixtures.ts';
import { readSystem } from '../model/system.ts';
import { untracedCalls } from './untraced-calls.ts';

const BY_HAND = `import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
new BasicTracerProvider().register();
`;
const KIT = `import { Pool } from 'undici';

interface Options {
  readonly origin: string;
  readonly headers?: () => Record<string, string>;
}

/** Headers are for the traceparent. */
export function createClient({ origin, headers = () => ({}) }: Options) {
  const pool = new Pool(origin);
  return { get: (path: string) => pool.request({ path, method: 'GET', headers: headers() }) };
}
`;

const linesIn = (made: string, tracing = BY_HAND): number[] => {
  const edits: Mutation['edits'] = {
    'packages/platform/src/tracing.ts': tracing,
    'packages/platform/src/http.ts': KIT,
    'packages/platform/src/index.ts': ['export { getJson }', 'export { createClient }'],
    'services/booking/src/infrastructure/weather.ts': made,
  };
  return withMutant({ system: 'fastify-shop', edits }, (root) => {
    const system = readSystem(root);
    const booking = system.services.find(({ name }) => name === 'booking')!;
    return untracedCalls(system, booking).map(({ file, call }) => file.lineAt(call.start));
  });
};

const made = (options: string): string => `import { createClient } from '@fastify-shop/platform';
export const weather = createClient({ origin: 'https://weather.example'${options} });
`;

test('a client that is made without the trace is told where the trace is carried by hand', () => {
  deepStrictEqual(linesIn(made('')), [2]);
  deepStrictEqual(linesIn(made(", headers: () => ({ traceparent: '00' })")), []);
  deepStrictEqual(linesIn(made(', onEvent: tracing.told')), [2]);
});

test('where an instrumentation carries the trace, nobody has to', () => {
  deepStrictEqual(
    linesIn(made(''), `import { NodeSDK } from '@opentelemetry/sdk-node';\nnew NodeSDK().start();\n`),
    [],
  );
});

test('a call that goes out itself is told unless something that leads to it carries the trace', () => {
  const asks = (headers: string): string => `import { request } from 'undici';
const traced = () => ({ traceparent: '00' });
export async function weatherOf(city: string) {
  return await request(\`https://weather.example/\${city}\`, { headers: ${headers} });
}
`;
  deepStrictEqual(linesIn(asks('{}')), [4]);
  deepStrictEqual(linesIn(asks('traced()')), []);
});
