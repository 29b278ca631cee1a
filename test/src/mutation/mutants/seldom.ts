import { mutantsOf } from '../mutant.ts';

const PARKED = 'packages/messaging/dist/parked-lines.steps.test.js';
const LOCKS = 'packages/messaging/dist/outbox.locks.test.js';
const RETENTION = 'packages/messaging/dist/retention.test.js';

/** What strikes so seldom that no simulation meets it in its few seeds. */
export const IN_SELDOM = [
  ...mutantsOf('packages/messaging/dist/parked-lines.js', [
    ['a floor takes the mark of a line back', '2: once', 'floor - 1 <= mark.sequence || ', '', PARKED],
    ['a new line begins beyond what is parked of it', '1: lost', ' || (head && head.sequence < floor)', '', PARKED],
    ['a dead message is tried behind one that was given up', '4: poison', `head.status === 'dead' || `, '', PARKED],
    [
      'who has taken the place of a failing message is blamed for it',
      '4: poison',
      'head.id === tried?.id && ',
      '',
      PARKED,
    ],
    [
      'a message is tried again before its time',
      '4: poison',
      `(head.status === 'retrying' && !head.due)`,
      'false',
      PARKED,
    ],
  ]),
  ...mutantsOf('packages/messaging/dist/outbox.js', [
    [
      'numbers are drawn before what others wait for',
      'deadlock',
      'rank = RANK.outbox;',
      'rank = RANK.inbox;',
      `${LOCKS}:are drawn last`,
    ],
    [
      'numbers are drawn in any order of their keys',
      'deadlock',
      'from lengths order by channel, key',
      'from lengths',
      `${LOCKS}:of several keys`,
    ],
  ]),
  ...mutantsOf('packages/messaging/dist/consumer.js', [
    [
      'marks are dropped while their messages may still come again',
      '2: once',
      'purge(2 * retentionMs)',
      'purge(retentionMs)',
      RETENTION,
    ],
    [
      'what is older than any mark is handled',
      '2: once',
      'rememberedMs: 2 * retentionMs',
      'rememberedMs: 3 * retentionMs',
      RETENTION,
    ],
  ]),
  ...mutantsOf('packages/messaging/dist/republishing.js', [
    [
      'only a page is sent again',
      '1: lost',
      'if (rows.length < PAGE)\n                return;',
      'return;',
      'packages/messaging/dist/republishing.test.js',
    ],
  ]),
  ...mutantsOf('packages/messaging/dist/subscription.js', [
    [
      'an older version that has a reaction of its own goes to that of the newer one',
      'upcast',
      '[...older, ...own]',
      '[...own, ...older]',
      'packages/messaging/dist/upcast.test.js:an older version with',
    ],
  ]),
  ...mutantsOf('packages/messaging/dist/lateness.js', [
    [
      'only what is dead counts as parked',
      '6: late',
      `where status <> 'discarded' group`,
      `where status = 'dead' group`,
      'packages/messaging/dist/lateness.test.js',
    ],
  ]),
  ...mutantsOf('packages/messaging/dist/published-lines.js', [
    [
      'a line counts as published though its beginning is not',
      'read your writes',
      'o.sequence <= w.sequence',
      'o.sequence = w.sequence',
      'packages/messaging/dist/published-lines.test.js',
    ],
  ]),
  ...mutantsOf('packages/messaging/dist/inbox.js', [
    [
      'of several who have had a number only the last is known',
      '2: once',
      '[...(mark.otherIds ?? []), id]',
      '[id]',
      'packages/messaging/dist/inbox.test.js',
    ],
  ]),
  ...mutantsOf('packages/postgres/dist/transaction.js', [
    [
      'writes of one rank are flushed in any order',
      'deadlock',
      'a.rank - b.rank || (a.name < b.name ? -1 : 1)',
      'a.rank - b.rank',
      'packages/postgres/dist/transaction.test.js',
    ],
  ]),
  ...mutantsOf('packages/saga/dist/saga-runtime.js', [
    [
      'a local undoing that was refused counts as done',
      '5: ends',
      `const mayRefuse = action === 'do' && `,
      'const mayRefuse = ',
      'packages/saga/dist/saga-runtime.test.js:^a local undoing',
    ],
  ]),
  ...mutantsOf('packages/saga/dist/engine.js', [
    [
      'a time-out waits for a refusal that was discarded',
      '5: ends',
      `const missing = steps.findIndex(({ status }) => status !== 'done');`,
      `const missing = steps.findIndex(({ status }) => status === 'sent' || status === 'pending');`,
      'packages/saga/dist/choreography.test.js',
    ],
  ]),
];
