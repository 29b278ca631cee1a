/** One way to break the kit: in this compiled file, this text becomes another. */
export interface Mutant {
  readonly what: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
  /** The tests on PostgreSQL that have to see it, where simulation cannot: it runs on memory. */
  readonly suite?: string;
}

const messaging = (file: string) => `packages/messaging/dist/${file}.js`;
const saga = (file: string) => `packages/saga/dist/${file}.js`;
const postgres = (file: string) => `packages/postgres/dist/${file}.js`;

const IN_MESSAGES: readonly Mutant[] = [
  {
    what: 'the inbox check is dropped',
    file: messaging('inbox'),
    find: 'if (sequence <= mark.sequence)',
    put: 'if (false)',
  },
  {
    what: 'the sequence check is lost: a message that is ahead is handled',
    file: messaging('inbox'),
    find: `sequence === mark.sequence + 1 ? 'next' : 'ahead'`,
    put: `'next'`,
  },
  {
    what: 'messages are acknowledged before the commit',
    file: messaging('consumer'),
    find: 'const outcomes = await',
    put: 'for (const delivery of batch) delivery.ack();\n        const outcomes = await',
  },
  {
    what: 'messages that are held are acknowledged',
    file: messaging('consumer'),
    find: 'this.#held.hold(delivery, outcome.heldAfter);',
    put: 'this.#held.hold(delivery, outcome.heldAfter), delivery.ack();',
  },
  {
    what: 'outbox rows are marked before they are published',
    file: messaging('publisher'),
    find: 'try {\n            await this.#options.bus.publish',
    put: [
      'try {',
      'await this.#options.outbox.markPublished(rows.map(({ position }) => position));',
      'await this.#options.bus.publish',
    ].join('\n'),
  },
  {
    what: 'a publication that has failed counts as done',
    file: messaging('publisher'),
    find: 'this.#inFlight.delete(position);\n            throw error;',
    put: 'this.#published.push(position);',
  },
  {
    what: 'nobody publishes what a dead process has left',
    file: messaging('publisher'),
    find: 'async #sweep(ageMs) {',
    put: 'async #sweep(ageMs) {\n        return;',
  },
  {
    what: 'a message that has failed is forgotten instead of parked',
    file: messaging('message-handler'),
    find: 'await this.park(line, message, error);',
    put: 'this.advance(line, message);',
  },
  {
    what: 'a failed message keeps what it had buffered',
    file: messaging('message-handler'),
    find: 'await work.transaction(async () => {',
    put: 'await (async (run) => run())(async () => {',
  },
  {
    what: 'a parked line drains out of order',
    file: messaging('parked-lines'),
    find: 'const isBeyondGap = head.sequence > mark.sequence + 1;',
    put: 'const isBeyondGap = false;',
  },
  {
    what: 'a parked message is retried and stays',
    file: messaging('parked-lines'),
    find: 'await lot.remove(head);',
    put: '',
  },
];

const IN_SAGAS: readonly Mutant[] = [
  {
    what: 'a step that timed out is not undone',
    file: saga('engine'),
    find: `const sent = status === 'sent' || status === 'done' || status === 'timed_out';`,
    put: `const sent = status === 'sent' || status === 'done';`,
  },
  {
    what: 'a step that is done is not undone',
    file: saga('engine'),
    find: `const sent = status === 'sent' || status === 'done' || status === 'timed_out';`,
    put: `const sent = status === 'sent' || status === 'timed_out';`,
  },
  {
    what: 'a saga is cancelled after its point of no return',
    file: saga('engine'),
    find: 'if (isPastPivot(this.definition, turn.state) || turn.state.cancelled)',
    put: 'if (turn.state.cancelled)',
    suite: 'packages/saga/dist/*.test.js',
  },
  {
    what: 'the time-out of the pivot leads back',
    file: saga('engine'),
    find: `if (direction === 'forward' && step?.kind === 'compensatable') {`,
    put: `if (direction === 'forward' && step) {`,
  },
  {
    what: 'what must be answered is asked for only once',
    file: saga('engine'),
    find: 'this.#again(turn);\n    }',
    put: '}',
    suite: 'packages/saga/dist/*.test.js',
  },
  {
    what: 'what a saga has to say is lost',
    file: saga('saga-runtime'),
    find: 'await this.#options.outbox.add(messages);',
    put: '',
  },
  {
    what: 'deadlines fire before the replies that have arrived',
    file: saga('deadlines'),
    find: 'await this.#replies();',
    put: '',
    suite: 'packages/saga/dist/saga-runtime.deadlines.test.js',
  },
];

const IN_THE_REST: readonly Mutant[] = [
  {
    what: 'a lost version race is not noticed',
    file: postgres('transaction'),
    find: 'if (rows === undefined)',
    put: 'if (true)',
    suite: 'packages/postgres/dist/*.test.js',
  },
  {
    what: 'a COMMIT that was answered with ROLLBACK counts as one',
    file: postgres('database'),
    find: `if (client && answers.at(-1).command !== 'COMMIT')`,
    put: 'if (false)',
    suite: 'packages/postgres/dist/*.test.js',
  },
  {
    what: 'an unknown commit is simply tried again',
    file: postgres('errors'),
    find: 'error instanceof ConcurrencyError ||',
    put: 'error instanceof ConcurrencyError || error instanceof UnknownCommitError ||',
    suite: 'packages/postgres/dist/*.test.js',
  },
];

export const MUTANTS: readonly Mutant[] = [...IN_MESSAGES, ...IN_SAGAS, ...IN_THE_REST];
