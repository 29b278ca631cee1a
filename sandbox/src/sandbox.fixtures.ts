import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Sandbox, type SandboxOptions, startSandbox } from './sandbox.ts';

export const dollars = { amount: 1299, currency: 'USD' };
export const address = { name: 'Ada', line1: '1 Main St', city: 'Springfield', postalCode: '12345', country: 'US' };

export function aDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sandbox-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** A running sandbox and its customers. */
export async function aSandbox(t: TestContext, options: Partial<SandboxOptions> = {}) {
  const sandbox = await startSandbox({ directory: options.directory ?? aDirectory(t), ...options });
  t.after(() => sandbox.stop());
  return { sandbox, ...customers(sandbox) };
}

export function customers({ cardProcessorUrl, carrierUrl }: Pick<Sandbox, 'cardProcessorUrl' | 'carrierUrl'>) {
  return {
    charge: (key: string, cardToken = 'tok_visa', amount: object = dollars) =>
      ask('POST', `${cardProcessorUrl}/charges`, { key, body: { amount, cardToken } }),
    findCharge: (key: string) => ask('GET', `${cardProcessorUrl}/charges/${key}`),
    book: (orderId: string, country = 'US') =>
      ask('POST', `${carrierUrl}/bookings`, { key: orderId, body: { orderId, address: { ...address, country } } }),
    cancel: (orderId: string) => ask('DELETE', `${carrierUrl}/bookings/${orderId}`),
    findBooking: (orderId: string) => ask('GET', `${carrierUrl}/bookings/${orderId}`),
  };
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export async function ask(method: string, url: string, sent: { key?: string; body?: object } = {}): Promise<Answer> {
  const headers = {
    ...(sent.body && { 'content-type': 'application/json' }),
    ...(sent.key && { 'idempotency-key': sent.key }),
  };
  const answer = await fetch(url, { method, headers, body: sent.body ? JSON.stringify(sent.body) : null });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}
