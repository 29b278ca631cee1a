import { after, before, describe } from 'node:test';
import { haproxyMissing } from '../../cluster/balancer.ts';
import { Cluster } from '../../cluster/cluster.ts';
import { twoGateways } from '../../cluster/two-gateways.ts';
import { natsMissing, natsUrl } from '../../shop/nats.ts';
import { redisUrl } from '../../shop/redis.ts';

describe('two gateways behind HAProxy', { skip: haproxyMissing || natsMissing }, () => {
  let cluster: Cluster;
  before(async () => {
    const servers = { databaseUrl: process.env['TEST_DATABASE_URL']!, natsUrl, redisUrl };
    cluster = await Cluster.start({ gateways: 2, servers });
  });
  after(() => cluster?.stop());

  twoGateways(() => cluster);
});
