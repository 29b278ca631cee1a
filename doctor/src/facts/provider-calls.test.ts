import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../diagnosis.ts';
import { withMutant } from '../fixtures/mutation.fixtures.ts';
import { readSystem } from '../model/system.ts';

const PATH = 'services/orders/src/payments.js';
const foundIn = (text: string, path = PATH): string[] =>
  withMutant({ system: 'express-shop', edits: { [path]: text } }, (root) =>
    diagnose({ system: readSystem(root) }).findings.map(({ rule, what }) => `${rule}: ${what}`),
  );
const PAST = (library: string): string[] => [
  `circuit-breakers: orders calls another system with ${library} past any circuit breaker`,
];

const STRIPE = `const Stripe = require('stripe');
const stripe = new Stripe(process.env.STRIPE_KEY, { timeout: 3_000 });
`;
const CHARGE = '(order) => stripe.paymentIntents.create({ amount: order.total }, { idempotencyKey: order.id })';

test('a provider that is asked by its own library is called past any breaker, or through one', () => {
  deepStrictEqual(foundIn(`${STRIPE}exports.charge = ${CHARGE};\n`), PAST('stripe'));
  const guarded = `${STRIPE}const CircuitBreaker = require('opossum');
const breaker = new CircuitBreaker(${CHARGE}, { timeout: 3_000 });
breaker.fallback(() => ({ status: 'pending' }));
exports.charge = (order) => breaker.fire(order);
`;
  deepStrictEqual(foundIn(guarded), []);
});

test('libraries of providers are called as each of them is', () => {
  const paypal = `const paypal = require('@paypal/checkout-server-sdk');
const client = new paypal.core.PayPalHttpClient(new paypal.core.SandboxEnvironment('id', 'secret'));
exports.charge = (order) => client.execute(new paypal.orders.OrdersCaptureRequest(order.id));
`;
  deepStrictEqual(foundIn(paypal), PAST('@paypal/checkout-server-sdk'));
  const braintree = `const braintree = require('braintree');
const gateway = new braintree.BraintreeGateway({ merchantId: 'm' });
exports.charge = (order) => gateway.transaction.sale({ amount: order.total });
`;
  deepStrictEqual(foundIn(braintree), PAST('braintree'));
  const mollie = `const { createMollieClient } = require('@mollie/api-client');
const mollie = createMollieClient({ apiKey: 'k' });
exports.charge = (order) => mollie.payments.create({ amount: order.total });
`;
  deepStrictEqual(foundIn(mollie), PAST('@mollie/api-client'));
});

test('what a library of a provider does by itself asks nobody', () => {
  const webhook = `${STRIPE}exports.eventOf = (body, sign) => stripe.webhooks.constructEvent(body, sign, 's');\n`;
  deepStrictEqual(foundIn(webhook), []);
});

test('a client that is a field is known by its type, or by what it is made of', () => {
  const path = PATH.replace('.js', '.ts');
  const asking = '{ charge(id: string) { return this.stripe.paymentIntents.capture(id); } }';
  for (const field of [
    'constructor(private readonly stripe: Stripe) {}',
    'private readonly stripe = new Stripe("key");',
    'private stripe: Stripe;\n  constructor() { this.stripe = new Stripe("key"); }',
  ]) {
    const text = `import Stripe from 'stripe';\nexport class Payments {\n  ${field}\n  ${asking.slice(2, -2)}\n}\n`;
    deepStrictEqual(foundIn(text, path), PAST('stripe'), field);
  }
});
