import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '@ashlar/domain';
import Type, { type Static } from 'typebox';
import { type Charge, cardProcessorRoutes } from './card-processor.ts';
import { type Booking, carrierRoutes } from './carrier.ts';
import { checkFaults, Fault, FaultInjector, type SandboxFaults } from './faults.ts';
import { Ledger } from './ledger.ts';
import { createOutsideServer } from './outside-server.ts';

/** The faults that are set, and what the outside world really did: the last 1,000 of each, newest first. */
export const SandboxReport = Type.Object({
  cardProcessor: Fault,
  carrier: Fault,
  charges: Type.Array(
    Type.Object({
      idempotencyKey: Type.String(),
      amount: Type.Object({ amount: Type.Integer(), currency: Type.String() }),
      count: Type.Integer(),
      at: Type.String({ format: 'date-time' }),
    }),
  ),
  bookings: Type.Array(
    Type.Object({
      orderId: Type.String(),
      status: Type.Union([Type.Literal('booked'), Type.Literal('cancelled')]),
    }),
  ),
});

export type SandboxReport = Static<typeof SandboxReport>;

export interface SandboxOptions {
  /** Where what was done is kept. One sandbox per directory. */
  readonly directory: string;
  /** On free ports of this machine, for nobody else, when not told. */
  readonly address?: { readonly host: string; readonly cardProcessorPort: number; readonly carrierPort: number };
  readonly log?: (line: string) => void;
  readonly clock?: Clock;
  /** How long `tok_slow` takes. */
  readonly slowCardMs?: number;
  /** How many charges, and how many bookings, are remembered. */
  readonly keep?: number;
}

/** The outside world, while it runs. */
export interface Sandbox {
  readonly cardProcessorUrl: string;
  readonly carrierUrl: string;
  read(): SandboxReport;
  set(faults: SandboxFaults): void;
  stop(): Promise<void>;
}

const REPORTED = 1_000;

const HERE = { host: '127.0.0.1', cardProcessorPort: 0, carrierPort: 0 } as const;

/** Starts the card processor and the carrier. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { directory, log = () => {}, clock = systemClock, slowCardMs = 10_000, keep = 100_000 } = options;
  const { host, cardProcessorPort, carrierPort } = options.address ?? HERE;
  mkdirSync(directory, { recursive: true });
  const ledger = <Deed>(name: string, keyOf: (deed: Deed) => string) =>
    new Ledger<Deed>({ file: join(directory, name), keyOf, log, keep });
  const charges = ledger<Charge>('charges.jsonl', (charge) => charge.idempotencyKey);
  const bookings = ledger<Booking>('bookings.jsonl', (booking) => booking.orderId);
  const faults = { cardProcessor: new FaultInjector(), carrier: new FaultInjector() };
  const stopping = new AbortController();

  const cardProcessor = createOutsideServer(faults.cardProcessor, stopping.signal);
  cardProcessorRoutes(cardProcessor, { charges, clock, slowCardMs, stopping: stopping.signal });
  const carrier = createOutsideServer(faults.carrier, stopping.signal);
  carrierRoutes(carrier, { bookings, clock });
  const [cardProcessorUrl, carrierUrl] = await Promise.all([
    cardProcessor.listen({ host, port: cardProcessorPort }),
    carrier.listen({ host, port: carrierPort }),
  ]);
  log(`card processor at ${cardProcessorUrl}, carrier at ${carrierUrl}`);

  return {
    cardProcessorUrl,
    carrierUrl,
    read: () => ({
      cardProcessor: faults.cardProcessor.fault,
      carrier: faults.carrier.fault,
      charges: latestCharges(charges),
      bookings: bookings.latest(REPORTED).map(({ orderId, status }) => ({ orderId, status })),
    }),
    set: (given) => {
      checkFaults(given);
      if (given.cardProcessor) faults.cardProcessor.fault = given.cardProcessor;
      if (given.carrier) faults.carrier.fault = given.carrier;
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([cardProcessor.close(), carrier.close()]);
      charges.close();
      bookings.close();
    },
  };
}

/** A declined card was not charged. */
const latestCharges = (charges: Ledger<Charge>): SandboxReport['charges'] =>
  charges
    .latest(Number.POSITIVE_INFINITY)
    .filter((charge) => charge.count > 0)
    .slice(0, REPORTED)
    .map(({ idempotencyKey, amount, count, at }) => ({ idempotencyKey, amount, count, at }));
