import { mutantsOf } from '../mutant.ts';

const LOSSES = 'packages/messaging/dist/loss-check.test.js';
const REPLICAS = 'packages/messaging/dist/replica.test.js';
const LINES = 'packages/messaging/dist/replica-lines.test.js';
const CLAIMS = 'packages/jobs/dist/lost-claims.test.js';
const NATS = 'packages/messaging-nats/dist';

export const IN_REPLICAS = [
  ...mutantsOf('packages/messaging/dist/postgres-leases.js', [
    [
      'a lease that somebody holds is taken from him',
      'leases',
      'where l.holder is null or l.expires_at <= clock_timestamp()',
      'where true',
      'packages/messaging/dist/message-storage.test.js:schedule 3.11: what one holds',
    ],
    [
      'a lease that has expired is renewed by who wakes up',
      'leases',
      'where holder = $1 and expires_at > clock_timestamp()\n    returning',
      'where holder = $1\n    returning',
      'packages/messaging/dist/message-storage.test.js:has expired',
    ],
  ]),
  ...mutantsOf('packages/messaging/dist/replica.js', [
    [
      'nobody gives up what is more than a fair share',
      'leases',
      'slice(this.#quota(name, group))',
      'slice(1000)',
      `${REPLICAS}:^who comes`,
    ],
    [
      'a partition goes to the next one while it is being worked on',
      'leases',
      'await Promise.race([claim.group.tenant.lost(claim).catch(this.#options.onError), tooLong]);',
      'void claim.group.tenant.lost(claim);',
      `${REPLICAS}:given up goes`,
    ],
  ]),
  ...mutantsOf('packages/messaging/dist/consumer.js', [
    [
      'what waits for its predecessors stays when its line goes to another replica',
      'leases',
      'this.#held.forgetWithdrawn();',
      '',
      `${LINES}:what waits here`,
    ],
    [
      'a line is let go while its batch is being handled',
      'leases',
      'await this.#batch.catch(() => { });',
      '',
      `${LINES}:given up to another`,
    ],
  ]),
  ...mutantsOf('packages/messaging/dist/loss-check.js', [
    [
      'nobody asks the broker again after it was away',
      '1: no lost event',
      'custody.onUp(doubt),',
      '',
      `${LOSSES}:when it is back`,
    ],
    [
      'what the broker has lost is not published again',
      '1: no lost event',
      'await again(channel,',
      'void (channel,',
      LOSSES,
    ],
    [
      'nobody asks the broker after an absence of all replicas',
      '1: no lost event',
      'if (claim && claim !== this.#claim && claim.isAfterAbsence)',
      'if (false)',
      `${LOSSES}:where no replica was here`,
    ],
  ]),
  ...mutantsOf('packages/messaging-nats/dist/streams.js', [
    [
      'any message in the place of one that was lost counts as that one',
      '1: no lost event',
      `split('#')[0] === id`,
      `split('#')[0] !== ''`,
      `${NATS}/nats-bus.test.js:held only where`,
    ],
  ]),
  ...mutantsOf('packages/messaging-nats/dist/posting.js', [
    [
      'what is repaired bears the id under which it was published',
      '1: no lost event',
      'isRepeated ? `#',
      'false ? `#',
      `${NATS}/nats-bus.test.js:schedule 2.4`,
    ],
  ]),
  ...mutantsOf('packages/messaging-nats/dist/durable.js', [
    [
      'a place beyond the end of its stream is kept',
      '1: no lost event',
      'if (place <= end)',
      'if (true)',
      `${NATS}/loss.test.js:schedule 2.3`,
    ],
    [
      'a message that was delivered a few times is given up',
      '1: no lost event',
      'max_deliver: -1',
      'max_deliver: 3',
      `${NATS}/nats-bus.test.js:never acknowledged`,
    ],
    [
      'who takes over waits for what its predecessor had not acknowledged',
      'leases',
      'else if (isExclusive && isUsed)',
      'else if (false)',
      `${NATS}/takeover.test.js`,
    ],
  ]),
  ...mutantsOf('packages/saga/dist/deadlines.js', [
    [
      'a deadline is fired by replicas that have not got the duty',
      '5: ends',
      'return claim !== undefined;',
      'return true;',
      'packages/saga/dist/deadlines.test.js:^of several replicas',
    ],
  ]),
  ...mutantsOf('packages/messaging/dist/registration.js', [
    [
      'a replica goes on beginning though another one has told that it is there',
      '1: no lost event',
      'for (const channel of await registrations.channelsOf(consumer))',
      'for (const channel of [])',
      'packages/messaging/dist/registration.test.js:^the beginning is over',
    ],
  ]),
  ...mutantsOf('packages/jobs/dist/pg-boss-jobs.js', [
    [
      'after an outage everybody counts as dead at once',
      '2: once',
      'this.#heartbeatsInARow = 0;',
      '',
      `${CLAIMS}:^after an outage`,
    ],
  ]),
  ...mutantsOf('packages/jobs/dist/queue-worker.js', [
    [
      'who has lost a job is not told',
      '2: once',
      `claim.lost.abort(new Error('The job was taken over by another process.'));`,
      '',
      `${CLAIMS}:^a job that another process`,
    ],
    [
      'an attempt that was given up for dead is not told',
      '2: once',
      `this.#claims.get(id)?.lost.abort(new Error('This attempt was given up for dead and has begun anew.'));`,
      '',
      `${CLAIMS}:^an attempt that was given up`,
    ],
  ]),
];
