import { test } from 'node:test';
import { networkMissing } from '../../chaos/network.ts';
import { surviveCuts } from '../../cluster/cut-off.ts';
import { natsServerMissing } from '../../replicas/own-nats.ts';
import { redisServerMissing } from '../../replicas/own-redis.ts';

const skip = natsServerMissing || redisServerMissing || networkMissing;

test('replicas that lose their servers, or everybody, undo and double nothing later', { skip }, surviveCuts);
