import { mutantsOf } from '../mutant.ts';

const messaging = (file: string) => `packages/messaging/dist/${file}.js`;

const FAILING = 'packages/messaging/dist/failing-messages.test.js';
const STORAGE = 'packages/messaging/dist/message-storage.test.js';
const APPENDS = 'packages/event-store/dist/event-store.test.js';

const HANDING_OVER = 'packages/messaging-nats/dist/handing-over.test.js';

/** What nobody noticed until it was tried. */
export const IN_OVERLOOKED = [
  ...mutantsOf(messaging('message-handler'), [
    [
      'a message is handled that is too old, where others of its line wait in the lot',
      '2: once',
      ' || inbox.mark(line).sequence === 0',
      '',
      'packages/messaging/dist/retention.test.js:when others of its line',
    ],
    [
      'a retry waits for the next look at the parking lot',
      '4: poison',
      'this.options.wakeIn(retryInMs + 1);',
      '',
      `${FAILING}:^a retry comes`,
    ],
    [
      'the first failure does not count',
      '4: poison',
      '{ error, attempts: 1 }',
      '{ error, attempts: 0 }',
      `${FAILING}:^promise 4`,
    ],
    [
      'what is parked is told before the commit',
      '6: late',
      'work.afterCommit(() => observer.parked?.(consumer, message, error));',
      'observer.parked?.(consumer, message, error);',
      `${FAILING}:^what is told`,
    ],
  ]),
  ...mutantsOf(messaging('consumer'), [
    [
      'what waits for a message that spoils its batch goes on waiting',
      '4: poison',
      'this.#held.release([lineId(lineOf(delivery))]);',
      '',
      `${FAILING}:^what waits`,
    ],
    [
      'who stops does not wait for the batch at hand',
      '2: once',
      'await this.#working;',
      '',
      'packages/messaging/dist/parking-scan.test.js:^stop.. resolves',
    ],
  ]),
  ...mutantsOf(messaging('inbox'), [
    [
      'what a restored source numbers anew is dropped in silence',
      '6: late',
      '> LONGEST_RACE_MS',
      '> Number.POSITIVE_INFINITY',
      'packages/messaging/dist/inbox.test.js',
    ],
  ]),
  ...mutantsOf(messaging('postgres-outbox-rows'), [
    [
      'a source tells where its line begins, and not where it goes on',
      '1: lost',
      ' and sequence >= $3',
      ' and $3::bigint is not null',
      `${STORAGE}:a gap is read`,
    ],
    [
      'old rows are looked for in a list, once for each row',
      '6: late',
      'position <= (\n      select max(position) from (',
      'position in (\n      select position from (',
      'packages/messaging/dist/purge.test.js:^old rows of the outbox',
    ],
  ]),
  ...mutantsOf(messaging('publisher'), [
    [
      'what is on its way is swept as well',
      '2: once',
      '!this.#inFlight.has(position)',
      'true',
      'packages/messaging/dist/publisher.test.js:^a row is marked only',
    ],
    [
      'all that was left behind is sent at once',
      '1: lost',
      'await sent;',
      '',
      'packages/messaging/dist/publisher.test.js:^more than a page',
    ],
  ]),
  ...mutantsOf(messaging('republishing'), [
    [
      'what is sent again is told to be new',
      '1: lost',
      '{ isRepeated: true }',
      '{}',
      'packages/messaging/dist/republishing.test.js:^schedule 2.4',
    ],
  ]),
  ...mutantsOf(messaging('local-bus'), [
    [
      'one consumer that acknowledges twice answers for another',
      '1: lost',
      'if (!done)',
      'if (true)',
      'packages/messaging/dist/local-bus.test.js:acknowledges twice',
    ],
  ]),
  ...mutantsOf(messaging('replica'), [
    [
      'a replica takes more than its share of what is free',
      'leases',
      'free.slice(0, Math.max(0, missing))',
      'free',
      'packages/messaging/dist/replica.turns.test.js',
    ],
    [
      'who is about to expire is not waited for',
      'leases',
      'this.#expect(renewal);',
      '',
      'packages/messaging/dist/replica.turns.test.js',
    ],
  ]),
  ...mutantsOf('packages/messaging-nats/dist/nats-subscription.js', [
    [
      'a partition is given back while it is being worked on',
      'leases',
      'await this.receiver.withdraw?.();',
      '',
      `${HANDING_OVER}:being handled goes`,
    ],
  ]),
  ...mutantsOf('packages/messaging-nats/dist/partition-reader.js', [
    [
      'who cannot renew its claim goes on hearing',
      'leases',
      'if (this.#isClosed || this.#isDoubtful) {',
      'if (this.#isClosed) {',
      `${HANDING_OVER}:cannot renew`,
    ],
    [
      'what is no message comes again for ever',
      '5: ends',
      'message.term();',
      '',
      'packages/messaging-nats/dist/nats-bus.test.js:^what is no message',
    ],
  ]),
  ...mutantsOf('packages/event-store/migrations/002-archive.sql', [
    [
      'beside another stream an older version will do',
      '2: once',
      's.version = batch.expected or',
      's.version >= batch.expected or',
      `${APPENDS}:beside another`,
    ],
    [
      'beside another stream one is begun that is there',
      '2: once',
      'where batch.expected = -1 and s.ended_at is null',
      'where s.ended_at is null',
      `${APPENDS}:beside another`,
    ],
  ]),
  ...mutantsOf('packages/event-store/dist/event-sourced.js', [
    [
      'events that leap over the number at which a snapshot is due leave none',
      'read models',
      'Math.floor(next.version / snapshotEvery) > Math.floor(version / snapshotEvery)',
      'next.version % snapshotEvery === 0',
      'packages/event-store/dist/event-sourced.test.js:leap over',
    ],
  ]),
  ...mutantsOf('packages/projection/dist/checkpoints.js', [
    [
      'a successor takes over while the read model is moving on',
      'read models',
      'for update of p, r',
      '',
      'packages/projection/dist/take-over.test.js:just moving on',
    ],
    [
      'a read model that stands still moves on',
      'read models',
      '(frozen_until is null or frozen_until <= clock_timestamp())',
      'true',
      'packages/projection/dist/take-over.test.js:stands still',
    ],
  ]),
  ...mutantsOf('packages/projection/dist/model-buffer.js', [
    [
      'a rebuild begins between the look whether there is one and the commit',
      'read models',
      'from projections where name = $1 for update',
      'from projections where name = $1',
      'packages/projection/dist/model-buffer.test.js:^no rebuild begins',
    ],
  ]),
  ...mutantsOf('packages/jobs/dist/enqueue-buffer.js', [
    [
      'a rebuild enqueues jobs',
      'read models',
      'isEffect = true',
      'isEffect = false',
      'packages/jobs/dist/pg-boss-jobs.test.js:^a job is an effect',
    ],
  ]),
  ...mutantsOf('packages/jobs/dist/job-table.js', [
    [
      'a job is given up by an attempt that is no longer its own',
      '2: once',
      `and state = 'active' and retry_count = $3`,
      `and state = 'active' and $3::int is not null`,
      'packages/jobs/dist/job-table.test.js:^a run that has lost',
    ],
  ]),
  ...mutantsOf('packages/saga/dist/saga-runtime.js', [
    [
      'a cancellation after the capture is told to have been in time',
      '5: no return',
      `return 'too_late';`,
      `return 'cancelled';`,
      'packages/saga/dist/saga-runtime.deadlines.test.js:^schedule 5.4: a cancellation that loses',
    ],
  ]),
  ...mutantsOf('packages/personal-data/dist/sealing.js', [
    [
      'all is sealed with one nonce',
      'privacy',
      'bytes(NONCE_BYTES)',
      'Buffer.alloc(NONCE_BYTES)',
      'packages/personal-data/dist/personal-vault.test.js',
    ],
  ]),
];
