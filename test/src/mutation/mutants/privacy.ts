import { type Detector, mutantsOf } from '../mutant.ts';

const VAULT: Detector = 'packages/personal-data/dist/personal-vault.test.js';
const PRIVATE = 'privacy';

export const IN_PRIVACY = [
  ...mutantsOf('packages/personal-data/dist/postgres-personal-keys.js', [
    [
      'the key of who leaves is not deleted',
      PRIVATE,
      'set key = null, erased_at = coalesce(personal_keys.erased_at, excluded.erased_at)',
      'set owner = excluded.owner',
      VAULT,
    ],
    [
      'of two who make a key at once each keeps its own',
      PRIVATE,
      'do update set owner = excluded.owner returning',
      'do update set key = excluded.key returning',
      'packages/personal-data/dist/personal-vault.test.js:^of two who make',
    ],
    [
      'who uses a key does not wait for who deletes it',
      PRIVATE,
      `select pg_advisory_xact_lock_shared(hashtextextended('personal key ' || owner, 0))`,
      'select owner',
      VAULT,
    ],
  ]),
  ...mutantsOf('packages/personal-data/dist/cipher.js', [
    ['what is sealed opens for anybody, and as anything', PRIVATE, 'JSON.stringify([of, as])', `''`, VAULT],
  ]),
  ...mutantsOf('packages/personal-data/dist/seal-stored.js', [
    [
      'a part of what was stored open counts as all of it',
      PRIVATE,
      '(await portion()) > 0',
      '(await portion()) < 0',
      VAULT,
    ],
  ]),
  ...mutantsOf('packages/http/dist/idempotency/keyed-answers.js', [
    [
      'an answer that tells of a customer is kept open',
      PRIVATE,
      'this.table.keep(claim, { answer: { ...answer, payload: sealed.answer }, owner })',
      'this.table.keep(claim, { answer })',
      'packages/http/dist/idempotency/sealed-answers.test.js',
    ],
  ]),
  ...mutantsOf('services/order/dist/infrastructure/personal-data/personal-data.impl.js', [
    [
      'an address is kept open',
      PRIVATE,
      'kept: sealed.shippingAddress',
      'kept: { ...sealed.shippingAddress, open: shippingAddress }',
      'orchestration',
    ],
    [
      'an address travels open in a message',
      PRIVATE,
      '{ carriage: this.vault.sealFor(publicKey, datum) }',
      '{ carriage: { ...this.vault.sealFor(publicKey, datum), open: shippingAddress } }',
      'choreography',
    ],
    ['the order service keeps the key of who leaves', PRIVATE, 'await this.vault.erase(userId);', '', 'orchestration'],
  ]),
  ...mutantsOf('services/shipping/dist/application/use-cases/erase-user.use-case.js', [
    [
      'the shipping service keeps the key of who leaves',
      PRIVATE,
      'await this.personalData.erase(userId);',
      '',
      'choreography',
    ],
  ]),
  ...mutantsOf('services/shipping/dist/application/use-cases/book-carrier.use-case.js', [
    [
      'what was booked stays at the carrier when its customer leaves before the answer',
      '5: ends',
      `await this.carrier.cancel(orderId);\n        return { type`,
      'return { type',
      'services/shipping/dist/application/use-cases/arrange-shipment.use-case.test.js',
    ],
  ]),
  ...mutantsOf('services/order/dist/application/use-cases/tell-address.use-case.js', [
    [
      'shipping asks where a parcel goes and is not answered',
      '5: ends',
      'order.tellAddress(sealed.carriage);',
      '',
      'services/order/dist/application/use-cases/create-order.use-case.test.js',
    ],
  ]),
];
