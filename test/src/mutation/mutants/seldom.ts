import { mutantsOf } from '../mutant.ts';

const PARKED = 'packages/messaging/dist/parked-lines.steps.test.js';

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
