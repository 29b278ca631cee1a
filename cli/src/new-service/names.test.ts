import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { type GivenNames, namesOf, renaming } from './names.ts';

test('a service that is called after one thing keeps many of it, and one that is called after many keeps one', () => {
  const kept = (name: string, given?: GivenNames) => {
    const { entity, plural } = namesOf(name, given);
    return [entity.kebab, plural.kebab];
  };
  deepStrictEqual(kept('wishlist'), ['wishlist', 'wishlists']);
  deepStrictEqual(kept('reviews'), ['review', 'reviews']);
  deepStrictEqual(kept('gift-categories'), ['gift-category', 'gift-categories']);
  deepStrictEqual(kept('delivery-address'), ['delivery-address', 'delivery-addresses']);
  deepStrictEqual(kept('survey'), ['survey', 'surveys']);
  deepStrictEqual(kept('campus'), ['campus', 'campuses']);
  deepStrictEqual(kept('loyalty', { entity: 'card' }), ['card', 'cards']);
  deepStrictEqual(kept('zoo', { entity: 'mouse', plural: 'mice' }), ['mouse', 'mice']);
});

test('every form of the names in the template becomes the same form of the new ones', () => {
  const rename = renaming(namesOf('gift-shop', { entity: 'gift-card' }));
  const template = 'tool-shed.KeyRingCreated.v1 createToolShedService keyRingId KeyRings key_rings_name /v1/key-rings';
  const renamed =
    'gift-shop.GiftCardCreated.v1 createGiftShopService giftCardId GiftCards gift_cards_name /v1/gift-cards';
  strictEqual(rename(template), renamed);
  const irregular = renaming(namesOf('zoo', { entity: 'mouse', plural: 'mice' }));
  strictEqual(irregular('ListKeyRingsUseCase keyRings key_rings keyRing'), 'ListMiceUseCase mice mice mouse');
  strictEqual(rename('no key ring of this tool shed, nor key rings'), 'no gift card of this gift shop, nor gift cards');
});
