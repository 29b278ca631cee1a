import { cursorQuery, ListOf, OneOf, PageOf, Time } from '@ashlar/http';
import Type from 'typebox';

const Parked = OneOf('retrying', 'dead', 'waiting');
const SagaStatus = OneOf('running', 'compensating', 'completed', 'compensated', 'stuck');
const StepStatus = OneOf('pending', 'sent', 'done', 'refused', 'timed_out', 'compensating', 'compensated');

export const Params = Type.Object({ id: Type.String() });

export const DeadLetterQuery = cursorQuery({ consumer: Type.Optional(Type.String()), status: Type.Optional(Parked) });

export const SagaQuery = cursorQuery({ status: Type.Optional(SagaStatus), key: Type.Optional(Type.String()) });

export const Breakers = Type.Object({
  items: ListOf(Type.Object({ name: Type.String(), state: Type.String(), failureRate: Type.Number() })),
});

const parked = {
  id: Type.String(),
  consumer: Type.String(),
  source: Type.String(),
  channel: Type.String(),
  key: Type.String(),
  type: Type.String(),
  sequence: Type.Integer(),
  status: Type.String({ description: 'retrying, dead or waiting' }),
  attempts: Type.Integer(),
  error: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
  firstFailedAt: Time,
  nextAttemptAt: Type.Unsafe<Date | string | null>({ type: ['string', 'null'], format: 'date-time' }),
};

export const DeadLetterPage = PageOf(Type.Object(parked));

export const DeadLetterView = Type.Object({ ...parked, message: Type.Unknown({ description: 'The CloudEvent.' }) });

/** What an order of an operator comes to. */
export const Ordered = Type.Object({ id: Type.String(), status: OneOf('retrying', 'discarded') });

export const Retried = Type.Object({ id: Type.String() });

export const SagaView = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    version: Type.Integer(),
    style: Type.String({ description: 'orchestration or choreography' }),
    key: Type.String(),
    status: SagaStatus,
    startedAt: Time,
    updatedAt: Time,
    reason: Type.Optional(Type.String()),
    error: Type.Optional(Type.String()),
    steps: ListOf(
      Type.Object({
        name: Type.String(),
        status: StepStatus,
        attempts: Type.Integer(),
        at: Time,
        error: Type.Optional(Type.String()),
      }),
    ),
  },
  { title: 'Saga' },
);

export const SagaPage = PageOf(SagaView);

const Lag = { lag: Type.Integer(), lagMs: Type.Number() };

const Consumers = Type.Object({
  items: ListOf(
    Type.Object({
      consumer: Type.String(),
      ...Lag,
      parkedKeys: Type.Integer(),
      handles: ListOf(Type.String({ description: 'A type of messages to which it reacts whatever they say.' })),
    }),
  ),
});

const Projections = Type.Object({
  items: ListOf(
    Type.Object({
      name: Type.String(),
      version: Type.Integer(),
      state: OneOf('live', 'rebuilding', 'failing'),
      position: Type.Integer(),
      ...Lag,
      error: Type.Optional(Type.String()),
      rebuild: Type.Optional(
        Type.Object({
          version: Type.Integer(),
          position: Type.Integer(),
          startedAt: Time,
          error: Type.Optional(Type.String()),
        }),
      ),
    }),
  ),
});

const Said = Type.Object({
  items: ListOf(
    Type.Object({
      id: Type.String(),
      channel: Type.String(),
      key: Type.String(),
      sequence: Type.Integer(),
      type: Type.String(),
      time: Time,
      causationId: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
      published: Type.Boolean(),
    }),
  ),
});

const ADMIN = { access: 'admin' } as const;

const OF_A_LIST = { ...ADMIN, refuses: { bad_cursor: 'malformed' } } as const;

const OF_ONE = { ...ADMIN, refuses: { not_found: 'not_found' } } as const;

export const breakersRoute = {
  config: ADMIN,
  schema: { summary: 'The circuit breakers of this replica', response: { 200: Breakers } },
} as const;

export const letters = {
  config: OF_A_LIST,
  schema: {
    summary: 'List the messages that could not be handled',
    querystring: DeadLetterQuery,
    response: { 200: DeadLetterPage },
  },
} as const;

export const letter = {
  config: OF_ONE,
  schema: { summary: 'Read a message that could not be handled', params: Params, response: { 200: DeadLetterView } },
} as const;

export const replay = {
  config: OF_ONE,
  schema: {
    summary: 'Handle a dead letter again, and what waits behind it',
    params: Params,
    response: { 202: Ordered },
  },
} as const;

export const discarding = {
  config: OF_ONE,
  schema: {
    summary: 'Give a dead letter up, and go on with what waits behind it',
    params: Params,
    response: { 202: Ordered },
  },
} as const;

export const consumerList = {
  config: ADMIN,
  schema: { summary: 'How far each consumer is behind', response: { 200: Consumers } },
} as const;

export const archiving = {
  config: ADMIN,
  schema: {
    summary: 'Move ended streams of events to the archive',
    response: { 200: Type.Object({ items: ListOf(Type.Object({ streams: Type.Integer(), events: Type.Integer() })) }) },
  },
} as const;

export const projectionList = {
  config: ADMIN,
  schema: { summary: 'How far each read model is behind', response: { 200: Projections } },
} as const;

export const rebuilding = {
  config: OF_ONE,
  schema: {
    summary: 'Make a read model anew beside the one that is read',
    params: Type.Object({ name: Type.String() }),
    response: { 202: Type.Object({ name: Type.String(), state: OneOf('rebuilding') }) },
  },
} as const;

export const saidList = {
  config: ADMIN,
  schema: {
    summary: 'What this service has said in one business transaction',
    querystring: Type.Object({ correlationId: Type.String({ minLength: 1 }) }),
    response: { 200: Said },
  },
} as const;

const Republished = Type.Object({
  since: Time,
  messages: Type.Integer({ description: 'How many messages are on their way again.' }),
});

export const republication = {
  config: { ...ADMIN, refuses: { beyond_retention: 'conflict' } },
  schema: {
    summary: 'Publish all messages again that were said since then',
    querystring: Type.Object({ since: Type.String({ format: 'date-time' }) }),
    response: { 202: Republished },
  },
} as const;

export const sagaList = {
  config: OF_A_LIST,
  schema: { summary: 'List sagas, the newest first', querystring: SagaQuery, response: { 200: SagaPage } },
} as const;

export const saga = {
  config: OF_ONE,
  schema: { summary: 'Read a saga and its steps', params: Params, response: { 200: SagaView } },
} as const;

export const retry = {
  config: { ...ADMIN, refuses: { ...OF_ONE.refuses, saga_not_found: 'not_found', saga_not_stuck: 'conflict' } },
  schema: { summary: 'Try the step of a stuck saga again', params: Params, response: { 202: Retried } },
} as const;
