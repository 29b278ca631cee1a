import { after, before, describe, test } from 'node:test';
import { Member } from '../shop/member.ts';
import { natsMissing } from '../shop/nats.ts';
import { ShopProcess } from '../shop/shop-process.ts';
import { checkoutTrace } from '../shop/trace-walk.ts';
import { endsWhole } from './ends-whole.ts';
import { restartUnderLoad } from './restart-under-load.ts';
import { surviveKills } from './survive-kills.ts';

describe('services with replicas', { skip: natsMissing }, () => {
  let shop: ShopProcess;
  before(async () => {
    shop = await ShopProcess.start({ replicas: 'order=2', environment: { OTEL_TRACES_SAMPLER_ARG: '1' } });
  });
  after(() => shop?.stop());

  test('one checkout is one connected trace, through the broker and seven processes', async () => {
    const admin = await shop.admin();
    const { id: productId } = await admin.makeProduct({ price: 1_000, pieces: 10 });
    const customer = await Member.withMoney(shop.api, 10_000);
    await checkoutTrace(shop, { customer, productId });
  });

  test('a replica that is killed under load loses nothing, and another takes over what it had begun', (t) =>
    surviveKills(t, shop, { victims: ['order'], perSecond: 10, takenOverWithinMs: 25_000 }));

  test('replicas are replaced one by one under load, and no request fails', (t) =>
    restartUnderLoad(t, shop, { services: ['order'], perSecond: 10 }));

  test('all of them finish what they do and end when the system is told to', () => endsWhole(shop));
});
