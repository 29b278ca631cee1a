import { mutantsOf } from '../mutant.ts';

const messaging = (file: string) => `packages/messaging/dist/${file}.js`;

const PARKING_LOT = 'packages/messaging/dist/parking-lot.test.js:^schedule 3.5';
const HELD = 'packages/messaging/dist/held-messages.test.js';

const MARKED_AT_ONCE = 'await this.#options.outbox.markPublished(rows.map(({ position }) => position));';

export const IN_MESSAGES = [
  ...mutantsOf(messaging('parking-lot'), [
    [
      'what only newer code knows is dead before a newer replica can take it',
      '1: lost',
      'error instanceof OutdatedError || ',
      '',
      'packages/messaging/dist/outdated.test.js',
    ],
  ]),
  ...mutantsOf(messaging('inbox'), [
    ['the inbox check is dropped', '2: once', 'if (sequence <= mark.sequence)', 'if (false)', 'mail-room'],
    [
      'the last message of a line is handled again when it comes again',
      '2: once',
      'if (sequence <= mark.sequence)',
      'if (sequence < mark.sequence)',
      'mail-room',
    ],
    [
      'a message that is ahead is handled',
      '3: order',
      `sequence === mark.sequence + 1 ? 'next' : 'ahead'`,
      `'next'`,
      'mail-room',
    ],
  ]),
  ...mutantsOf(messaging('consumer'), [
    [
      'messages are acknowledged before the commit',
      '1: lost',
      'const outcomes = await',
      'for (const delivery of batch) delivery.ack();\n        const outcomes = await',
      'mail-room',
    ],
    [
      'messages that are held are acknowledged',
      '1: lost',
      'this.#held.hold(delivery, outcome.heldAfter);',
      'this.#held.hold(delivery, outcome.heldAfter), delivery.ack();',
      'mail-room',
    ],
    [
      'messages that have been handled are never acknowledged',
      '2: once',
      'for (const delivery of handled)\n            delivery.ack();',
      '',
      'mail-room',
    ],
    [
      'of a batch that is tried again by halves one message is left out',
      '1: lost',
      'batch.slice(middle), true',
      'batch.slice(middle + 1), true',
      'mail-room',
    ],
    ['a batch that has failed is not tried again', '1: lost', 'this.#arrivals.putBack(batch);', '', 'mail-room'],
    [
      'the parking lot is never looked at',
      '4: poison',
      'if (this.#scanDue)\n                await this.#scan();',
      'this.#scanDue = false;',
      'mail-room',
    ],
  ]),
  ...mutantsOf(messaging('held-messages'), [
    [
      'nobody asks the source for what is missing',
      '1: lost',
      'const to = Math',
      'return;\n        const to = Math',
      'mail-room',
    ],
    ['of two deliveries of one message one is never acknowledged', '2: once', 'first.ack();\n', '\n', 'mail-room'],
  ]),
  ...mutantsOf(messaging('parking-scan'), [
    ['a message whose turn has come while it waited is dropped', '1: lost', 'requeue([next]);', ';', 'mail-room'],
  ]),
  ...mutantsOf(messaging('registration'), [
    [
      'a consumer that begins now waits for what was said before, and handles it',
      '2: once',
      ` || verdict === 'ahead')`,
      ')',
      'mail-room',
    ],
  ]),
  ...mutantsOf(messaging('message-handler'), [
    [
      'a message that has failed is forgotten instead of parked',
      '1: lost',
      'await this.park(line, message, error);',
      'this.advance(line, message);',
      'mail-room',
    ],
    [
      'a failed message keeps what it had buffered',
      '1: made up',
      'await work.transaction(async () => {',
      'await (async (run) => run())(async () => {',
      'mail-room',
    ],
    [
      'a message behind a parked one is dropped',
      '4: poison',
      'await this.options.lot.park(line, message);',
      '',
      'mail-room',
    ],
    [
      'a mark moves two at a time',
      '1: lost',
      'inbox.set(line, after(inbox.mark(line), numberOf(message)));',
      'inbox.set(line, after(inbox.mark(line), { ...numberOf(message), sequence: numberOf(message).sequence + 1 }));',
      'mail-room',
    ],
  ]),
  ...mutantsOf(messaging('message-handler'), [
    [
      'the line of a parked message is not marked',
      '4: poison',
      'inbox.set(line, { ...inbox.mark(line), parked: true });',
      '',
      PARKING_LOT,
    ],
  ]),
  ...mutantsOf(messaging('parked-lines'), [
    [
      'a line counts as free although more of it is parked',
      '4: poison',
      'parked: !head.last }',
      'parked: false }',
      PARKING_LOT,
    ],
    [
      'the line of a message that has waited too long is not marked',
      '3: order',
      'inbox.set(line, { ...mark, parked: true });',
      '',
      HELD,
    ],
    [
      'a parked line drains out of order',
      '3: order',
      'const isBeyondGap = head.sequence > mark.sequence + 1;',
      'const isBeyondGap = false;',
      'mail-room',
    ],
    [
      'a retry that fails keeps what it had buffered',
      '1: made up',
      'await this.options.work.transaction(() => this.options.handler.dispatch(head.message, head.failedIn));',
      'await this.options.handler.dispatch(head.message, head.failedIn);',
      'mail-room',
    ],
    ['a parked message is retried and stays', '2: once', 'await lot.remove(head);', '', 'mail-room'],
    [
      'a parked message counts as handled although it failed again',
      '1: lost',
      `if (!isHandled && !(await this.#retried(head)))`,
      `if (!isHandled && (await this.#retried(head), false))`,
      'mail-room',
    ],
    [
      'a message that waits too long is dropped instead of parked',
      '1: lost',
      'await lot.park(line, delivery.message);',
      '',
      'mail-room',
    ],
  ]),
  ...mutantsOf(messaging('publisher'), [
    [
      'outbox rows are marked before they are published',
      '1: lost',
      'try {\n            await this.#sent',
      `try {\n            ${MARKED_AT_ONCE}\n            await this.#sent`,
      'mail-room',
    ],
    [
      'a publication that has failed counts as done',
      '1: lost',
      'this.#inFlight.delete(position);\n            throw error;',
      'this.#published.push(position);',
      'mail-room',
    ],
    [
      'a publication that has failed stays on its way',
      '1: lost',
      'for (const { position } of rows)\n                this.#inFlight.delete(position);\n            throw error;',
      'throw error;',
      'mail-room',
    ],
    [
      'nobody publishes what a dead process has left',
      '1: lost',
      'async #sweep(ageMs) {',
      'async #sweep(ageMs) {\n        return;',
      'mail-room',
    ],
  ]),
];
