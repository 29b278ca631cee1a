import { type Detector, mutantsOf } from '../mutant.ts';

const saga = (file: string) => `packages/saga/dist/${file}.js`;
const tests = (file: string): Detector => `packages/saga/dist/${file}.test.js`;
/** The exhaustive check of one definition: the cheapest, and it leaves nothing out. */
const CHECK: Detector = 'packages/saga/dist/check/check-saga.test.js:^promise 5: an orchestration ends';
const CHECK_CHOREOGRAPHY: Detector = 'packages/saga/dist/check/check-saga.test.js:^a choreography is checked';

const SENT = `const sent = status === 'sent' || status === 'done' || status === 'timed_out';`;

export const IN_SAGAS = [
  ...mutantsOf(saga('engine'), [
    [
      'a step that timed out is not undone',
      '5: ends',
      SENT,
      `const sent = status === 'sent' || status === 'done';`,
      CHECK,
    ],
    [
      'a step that is done is not undone',
      '5: ends',
      SENT,
      `const sent = status === 'sent' || status === 'timed_out';`,
      CHECK,
    ],
    ['a saga ends before all is undone', '5: ends', 'if (open.length === 0) {', 'if (open.length <= 1) {', CHECK],
    [
      'a saga ends while an undoing is unanswered',
      '5: ends',
      `return waiting ? undefined : turn.end('compensated');`,
      `return turn.end('compensated');`,
      CHECK_CHOREOGRAPHY,
    ],
    [
      'a late reply moves a saga that has turned back',
      '5: ends',
      `if (direction !== 'forward' || !this.#awaited(index, status))`,
      `if (direction !== 'forward' && status !== 'compensating')`,
      CHECK,
    ],
    [
      'a success is believed that nobody has asked for',
      '5: ends',
      `if (direction !== 'forward' || !this.#awaited(index, status))`,
      `if (direction !== 'forward')`,
      CHECK,
    ],
    [
      'steps are undone all at once',
      '5: order',
      'for (const index of this.#choreographed ? open : open.slice(-1))',
      'for (const index of open)',
      CHECK,
    ],
    ['the first step is undone before the last', '5: order', 'open.slice(-1)', 'open.slice(0, 1)', CHECK],
    [
      'an undoing counts before it is asked for',
      '5: ends',
      `if (direction !== 'backward' || status !== 'compensating')`,
      `if (direction !== 'backward')`,
      CHECK,
    ],
    [
      'a saga is cancelled after its point of no return',
      '5: no return',
      'if (isPastPivot(this.definition, turn.state) || turn.state.cancelled)',
      'if (turn.state.cancelled)',
      CHECK,
    ],
    [
      'a cancellation is not heeded',
      '5: ends',
      `case 'cancel':\n                return this.#cancel(turn);`,
      `case 'cancel':\n                return;`,
      CHECK,
    ],
    [
      'the time-out of the pivot leads back',
      '5: no return',
      `if (direction === 'forward' && step?.kind === 'compensatable') {`,
      `if (direction === 'forward' && step) {`,
      CHECK,
    ],
    ['what must be answered is asked for only once', '5: ends', 'this.#again(turn);\n    }', '}', CHECK],
    [
      'an undoing is asked for by the command of its step',
      '5: ends',
      `if (status === 'compensating')\n                turn.send(step.undo);`,
      `if (status === 'compensating')\n                turn.send(step.do);`,
      CHECK,
    ],
    ['an ended saga hears on', '5: ends', `if (state.direction !== 'ended')`, 'if (true)', CHECK],
    [
      'nobody hears that a choreography has timed out',
      '5: ends',
      `this.#announce(turn, 'timedOut');`,
      '',
      CHECK_CHOREOGRAPHY,
    ],
    [
      'nobody hears that a choreography is cancelled',
      '5: ends',
      `this.#announce(turn, 'cancelled');`,
      '',
      CHECK_CHOREOGRAPHY,
    ],
  ]),
  ...mutantsOf(saga('saga-runtime'), [
    ['what a saga has to say is lost', '1: lost', 'await this.#options.outbox.add(messages);', '', 'orchestration'],
  ]),
  ...mutantsOf(saga('deadlines'), [
    [
      'deadlines fire before the replies that have arrived',
      '5: ends',
      'await this.#replies();',
      '',
      tests('saga-runtime.deadlines'),
    ],
  ]),
];
