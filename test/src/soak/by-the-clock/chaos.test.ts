import { test } from 'node:test';
import { surviveChaos } from '../../chaos/chaos.ts';
import { networkMissing } from '../../chaos/network.ts';
import { survivePartition } from '../../chaos/partition.ts';
import { natsServerMissing } from '../../replicas/own-nats.ts';
import { redisServerMissing } from '../../replicas/own-redis.ts';

const skip = natsServerMissing || redisServerMissing;

test('whatever dies, stands still or forgets while people shop, nothing is lost or doubled', { skip }, surviveChaos);

test('broker and Redis behind a network that is cut', { skip: skip || networkMissing }, survivePartition);
