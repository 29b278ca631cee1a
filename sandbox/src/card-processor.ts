import type { Clock, Money } from '@ashlar/domain';
import Type, { type Static } from 'typebox';
import type { Ledger } from './ledger.ts';
import { delay, type OutsideServer } from './outside-server.ts';

/** What the processor did about one idempotency key. `count` is how often money was really taken. */
export interface Charge {
  readonly idempotencyKey: string;
  readonly chargeId: string;
  readonly status: 'accepted' | 'declined';
  readonly amount: Money;
  readonly cardToken: string;
  readonly count: number;
  readonly at: string;
}

export interface CardProcessorOptions {
  readonly charges: Ledger<Charge>;
  readonly clock: Clock;
  readonly slowCardMs: number;
  readonly stopping: AbortSignal;
}

const ChargeBody = Type.Object({
  amount: Type.Object({
    amount: Type.Integer({ minimum: 1 }),
    currency: Type.String({ pattern: '^[A-Z]{3}$' }),
  }),
  cardToken: Type.String({ minLength: 1, maxLength: 255 }),
});

type ChargeBody = Static<typeof ChargeBody>;

const ChargeHeaders = Type.Object({ 'idempotency-key': Type.String({ minLength: 1, maxLength: 255 }) });

const ACCEPTED_CARDS: ReadonlySet<string> = new Set(['tok_visa', 'tok_slow']);

export function cardProcessorRoutes(http: OutsideServer, options: CardProcessorOptions): void {
  const { charges } = options;
  const charge = createCharging(options);

  http.post('/charges', { schema: { headers: ChargeHeaders, body: ChargeBody } }, async (request, reply) => {
    const outcome = await charge(request.headers['idempotency-key'], request.body);
    if (!isSame(outcome, request.body)) return reply.code(422).send({ code: 'idempotency_key_reused' });
    if (outcome.status === 'declined') return reply.code(402).send({ status: 'declined' });
    return reply.code(201).send({ chargeId: outcome.chargeId, status: 'accepted' });
  });

  const params = Type.Object({ key: Type.String() });
  http.get('/charges/:key', { schema: { params } }, async (request, reply) => {
    const found = charges.find(request.params.key);
    if (!found) return reply.code(404).send({ code: 'not_found' });
    const { idempotencyKey, chargeId, status, amount, at } = found;
    return { idempotencyKey, ...(status === 'accepted' && { chargeId }), status, amount, at };
  });
}

/** Charges once per key. Whoever asks while a slow card is still being asked joins the one who asked first. */
function createCharging({ charges, clock, slowCardMs, stopping }: CardProcessorOptions) {
  const underway = new Map<string, Promise<Charge>>();

  const settle = (idempotencyKey: string, { amount, cardToken }: ChargeBody): Charge => {
    const accepted = ACCEPTED_CARDS.has(cardToken);
    return charges.record({
      idempotencyKey,
      chargeId: `ch_${idempotencyKey}`,
      status: accepted ? 'accepted' : 'declined',
      amount,
      cardToken,
      count: (charges.find(idempotencyKey)?.count ?? 0) + (accepted ? 1 : 0),
      at: clock.now().toISOString(),
    });
  };

  const settleSlowly = async (key: string, body: ChargeBody): Promise<Charge> => {
    try {
      await delay(slowCardMs, stopping);
      return settle(key, body);
    } finally {
      underway.delete(key);
    }
  };

  return async (key: string, body: ChargeBody): Promise<Charge> => {
    const known = charges.find(key) ?? underway.get(key);
    if (known) return known;
    if (body.cardToken !== 'tok_slow') return settle(key, body);
    const slow = settleSlowly(key, body);
    underway.set(key, slow);
    return slow;
  };
}

const isSame = (charge: Charge, body: ChargeBody): boolean =>
  charge.cardToken === body.cardToken &&
  charge.amount.amount === body.amount.amount &&
  charge.amount.currency === body.amount.currency;
