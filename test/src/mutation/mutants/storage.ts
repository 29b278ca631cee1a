import { type Detector, mutantsOf } from '../mutant.ts';

const tests = (file: string): Detector => `packages/${file}.test.js`;

const INBOX = tests('messaging/dist/message-storage');
const GAPS = 'event-store/dist/gap-attacks.test.js';

export const IN_STORAGE = [
  ...mutantsOf('packages/event-store/dist/gap-safe-reader.js', [
    [
      'a gap that somebody may still fill counts as rolled back',
      '1: lost',
      'return names.size === 0;',
      'return true;',
      `packages/${GAPS}:^positions of a savepoint`,
    ],
    [
      'who waits between the phases of a commit is given up when a crash has given him another name',
      '1: lost',
      ' || isRecovered(name)',
      '',
      `packages/${GAPS}:another name`,
    ],
  ]),
  ...mutantsOf('packages/event-store/dist/event-store.js', [
    [
      'an append that expects less than nothing expects anything',
      '2: once',
      'expected >= 0 ? expected : NOWHERE',
      'true ? expected : NOWHERE',
      'packages/event-store/dist/event-store.test.js:no version',
    ],
  ]),
  ...mutantsOf('packages/projection/dist/checkpoints.js', [
    [
      'a successor takes over though it has not come as far',
      'read models',
      ' and ($3::bigint is null or p.position = $3 and r.position = $3)',
      ' and ($3::bigint is null or true)',
      'packages/projection/dist/take-over.test.js:^a successor',
    ],
  ]),
  ...mutantsOf('packages/projection-redis/dist/epochs.js', [
    [
      'an epoch ends while somebody writes into it',
      'read models',
      ' where name = $1 for share',
      ' where name = $1',
      tests('projection-redis/dist/epochs'),
    ],
  ]),
  ...mutantsOf('packages/messaging/dist/postgres-inbox.js', [
    [
      'of two who move a mark that neither has locked, both win',
      '2: once',
      `where expect_version(inbox.sequence, excluded.previous, 'The inbox of ' || excluded.consumer)`,
      '',
      INBOX,
    ],
    ['the mark of one line is read without a lock', '2: once', 'and key = $4 for update', 'and key = $4', INBOX],
    [
      'the marks of several lines are read without a lock',
      '2: once',
      'and inbox.key = line.key\n    for update',
      'and inbox.key = line.key',
      INBOX,
    ],
    ['several lines are locked in the order in which they come', '2: once', 'order by 1, 2, 3)', ')', INBOX],
  ]),
  ...mutantsOf('packages/postgres/dist/transaction.js', [
    [
      'a lost version race is not noticed',
      '2: once',
      'if (rows === undefined)',
      'if (true)',
      tests('postgres/dist/example'),
    ],
  ]),
  ...mutantsOf('packages/postgres/dist/database.js', [
    [
      'a COMMIT that was answered with ROLLBACK counts as one',
      '1: lost',
      `if (client && answers.at(-1).command !== 'COMMIT')`,
      'if (false)',
      tests('postgres/dist/database'),
    ],
  ]),
  ...mutantsOf('packages/postgres/dist/identity-map.js', [
    [
      'what a failed part of a transaction has noted stays known',
      '2: once',
      'this.#undo.splice(mark).reverse()',
      '[]',
      tests('postgres/dist/identity-map'),
    ],
  ]),
  ...mutantsOf('packages/postgres/dist/errors.js', [
    [
      'an unknown commit is simply tried again',
      '2: once',
      'error instanceof ConcurrencyError ||',
      'error instanceof ConcurrencyError || error instanceof UnknownCommitError ||',
      tests('postgres/dist/connection-loss'),
    ],
  ]),
];
