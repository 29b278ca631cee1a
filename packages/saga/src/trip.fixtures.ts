import { type Contract, command, event } from '@ashlar/messaging';
import Type from 'typebox';
import { defineSaga, type SagaDefinition, send } from './definition.ts';
import { type Input, initialState, type Output, SagaEngine, type SagaState } from './engine.ts';

/** A journey that is booked at three places, then paid, then handed over: the saga of these tests. */
export interface Trip {
  readonly id: string;
}

const OfTrip = Type.Object({ tripId: Type.String() });
const ofTrip = ({ id }: Trip) => ({ tripId: id });

export const HoldMoney = command('bank.HoldMoney.v1', OfTrip);
export const FreeMoney = command('bank.FreeMoney.v1', OfTrip);
export const TakeMoney = command('bank.TakeMoney.v1', OfTrip);
export const BookFlight = command('flight.BookFlight.v1', OfTrip);
export const CancelFlight = command('flight.CancelFlight.v1', OfTrip);
export const IssueTicket = command('flight.IssueTicket.v1', OfTrip);
export const BookHotel = command('hotel.BookHotel.v1', OfTrip);
export const CancelHotel = command('hotel.CancelHotel.v1', OfTrip);
export const SendVoucher = command('hotel.SendVoucher.v1', OfTrip);

export const MoneyHeld = event('bank.MoneyHeld.v1', OfTrip);
export const MoneyRefused = event('bank.MoneyRefused.v1', OfTrip);
export const MoneyFreed = event('bank.MoneyFreed.v1', OfTrip);
export const MoneyTaken = event('bank.MoneyTaken.v1', OfTrip);
export const TakingFailed = event('bank.TakingFailed.v1', OfTrip);
export const FlightBooked = event('flight.FlightBooked.v1', OfTrip);
export const FlightRefused = event('flight.FlightRefused.v1', OfTrip);
export const FlightCancelled = event('flight.FlightCancelled.v1', OfTrip);
export const TicketIssued = event('flight.TicketIssued.v1', OfTrip);
export const HotelBooked = event('hotel.HotelBooked.v1', OfTrip);
export const HotelRefused = event('hotel.HotelRefused.v1', OfTrip);
export const HotelCancelled = event('hotel.HotelCancelled.v1', OfTrip);
export const VoucherSent = event('hotel.VoucherSent.v1', OfTrip);

export const TripPlanned = event('trip.TripPlanned.v1', OfTrip);
export const TakingRequested = event('trip.TakingRequested.v1', OfTrip);
export const TripTimedOut = event('trip.TripTimedOut.v1', OfTrip);
export const TripCancelled = event('trip.TripCancelled.v1', OfTrip);

const money = { done: MoneyHeld, refused: MoneyRefused, reason: 'no_money', timedOut: 'timed_out', undone: MoneyFreed };
const flight = {
  done: FlightBooked,
  refused: FlightRefused,
  reason: 'no_flight',
  timedOut: 'timed_out',
  undone: FlightCancelled,
};
const hotel = {
  done: HotelBooked,
  refused: HotelRefused,
  reason: 'no_hotel',
  timedOut: 'hotel_silent',
  undone: HotelCancelled,
};
const taking = { name: 'take money', done: MoneyTaken, refused: TakingFailed, reason: 'not_paid' };

export const trip = defineSaga<Trip>({
  name: 'trip',
  version: 1,
  compensatable: [
    { ...money, name: 'hold money', do: send(HoldMoney, ofTrip), undo: send(FreeMoney, ofTrip) },
    { ...flight, name: 'book flight', do: send(BookFlight, ofTrip), undo: send(CancelFlight, ofTrip) },
    { ...hotel, name: 'book hotel', do: send(BookHotel, ofTrip), undo: send(CancelHotel, ofTrip) },
  ],
  pivot: { ...taking, do: send(TakeMoney, ofTrip) },
  retriable: [
    { name: 'issue ticket', do: send(IssueTicket, ofTrip), done: TicketIssued },
    { name: 'send voucher', do: send(SendVoucher, ofTrip), done: VoucherSent },
  ],
});

/** The same trip without an orchestrator. */
export const tripByEvents = defineSaga<Trip>({
  name: 'trip',
  version: 1,
  compensatable: [
    { ...money, name: 'hold money' },
    { ...flight, name: 'book flight' },
    { ...hotel, name: 'book hotel' },
  ],
  pivot: { ...taking, do: send(TakingRequested, ofTrip) },
  retriable: [
    { name: 'issue ticket', again: send(TakingRequested, ofTrip), done: TicketIssued },
    { name: 'send voucher', again: send(TakingRequested, ofTrip), done: VoucherSent },
  ],
  announce: { timedOut: send(TripTimedOut, ofTrip), cancelled: send(TripCancelled, ofTrip) },
});

/** The first and the last step are done in the saga's own database. */
export const localTrip = defineSaga<Trip>({
  ...trip,
  compensatable: [{ name: 'count seat', local: true }, ...trip.compensatable.slice(0, 1)],
  retriable: [{ name: 'note trip', local: true }],
});

export const TIMEOUT_MS = 1_000;
export const settings = { timeoutMs: TIMEOUT_MS, stuckAfter: 5 };

/** `MoneyHeld` of `bank.MoneyHeld.v1`. */
export const wordOf = (type: string): string => type.split('.')[1]!;

/** What happens to a saga: a reply, or a word. */
export type Happening = Contract | 'timeout' | 'cancel' | 'retry';

/** A saga in the hands of a test, with what it has said so far. */
export class Driven {
  readonly engine: SagaEngine<Trip>;
  readonly said: string[] = [];
  state: SagaState<Trip>;
  #minute = 0;

  constructor(
    definition: SagaDefinition<Trip>,
    private readonly refusals: Readonly<Record<string, string>> = {},
  ) {
    this.engine = new SagaEngine(definition, settings);
    this.state = initialState(definition, { id: 'trip-1' });
    this.input({ type: 'start' });
  }

  hears(...happenings: readonly Happening[]): this {
    for (const happening of happenings) {
      this.input(typeof happening === 'string' ? { type: happening } : { type: 'reply', contract: happening.type });
    }
    return this;
  }

  input(input: Input): void {
    const at = new Date(this.#minute++ * 60_000).toISOString();
    const [state, outputs] = this.engine.advance(this.state, input, at);
    this.state = state;
    for (const output of outputs) this.#follow(output);
  }

  /** `hold money compensated`, step by step. */
  get statuses(): string[] {
    return this.state.steps.map(({ status }) => status);
  }

  #follow(output: Output): void {
    if (output.type === 'send') this.said.push(wordOf(output.message.contract.type));
    if (output.type === 'ended') this.said.push(output.outcome);
    if (output.type !== 'local') return;
    const { step, action } = output;
    const refused = action === 'do' ? this.refusals[step] : undefined;
    this.said.push(`${action} ${step}`);
    this.input({ type: 'local', step, action, ...(refused && { refused }) });
  }
}
