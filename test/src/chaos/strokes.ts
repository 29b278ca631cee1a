import { setTimeout as pause } from 'node:timers/promises';
import { flush } from '../replicas/own-redis.ts';
import { type ReplicaView, replicasOf } from '../replicas/replica-views.ts';
import { Databases } from '../shop/databases.ts';
import { holdsNothing } from '../shop/leases-held.ts';
import { eventually } from '../shop/waiting.ts';
import type { Stage } from './stage.ts';

/** A replica that is asked to die, or to stand still, while another one of its service is ready. */
export async function aVictim({ shop, chance }: Stage): Promise<ReplicaView | undefined> {
  const ready = (await replicasOf(shop)).filter(({ status }) => status === 'ready');
  const spare = ready.filter(({ service }) => ready.filter((one) => one.service === service).length > 1);
  return spare[chance.between(0, spare.length - 1)];
}

/** Every so often a replica dies without a word; answers how many have. */
export async function killEvery(stage: Stage, everyMs: number, forMs: number): Promise<number> {
  const until = performance.now() + forMs;
  let killed = 0;
  for (; performance.now() < until; await pause(everyMs)) {
    const victim = await aVictim(stage);
    if (!victim) continue;
    process.kill(victim.pid, 'SIGKILL');
    killed += 1;
  }
  return killed;
}

/**
 * A replica stands still until its leases are good no more and people have gone on without it for a while; then it goes
 * on as if nothing had happened.
 */
export async function freeze(
  stage: Stage,
  answers: number,
): Promise<{ readonly replica: string; readonly ms: number }> {
  const { pid, service, replica } = (await aVictim(stage))!;
  const databases = new Databases(stage.shop);
  const began = performance.now();
  process.kill(pid, 'SIGSTOP');
  try {
    await eventually(`nothing is leased to ${replica}`, () => holdsNothing(databases, service, replica));
    await stage.load.moreAnswers(answers);
  } finally {
    process.kill(pid, 'SIGCONT');
    await databases.close();
  }
  return { replica, ms: performance.now() - began };
}

/** Answers with which people find out that they can do without a server. */
const ANSWERS_WITHOUT = 12;

/** What befalls the servers that everybody leans on. */
export const STROKES = {
  async 'the broker is restarted'({ nats, load }: Stage) {
    await nats.stop();
    await load.moreAnswers(ANSWERS_WITHOUT);
    await nats.start();
  },
  async 'the broker loses its store'({ nats }: Stage) {
    await nats.loseStore();
    await nats.start();
  },
  async 'Redis is flushed'({ redis }: Stage) {
    await flush(redis);
  },
  async 'Redis is restarted'({ redis, load }: Stage) {
    await redis.stop('SIGKILL');
    await load.moreAnswers(ANSWERS_WITHOUT);
    await redis.start();
  },
  async 'PostgreSQL is killed'({ shop }: Stage) {
    shop.killDatabase();
  },
} satisfies Readonly<Record<string, (stage: Stage) => Promise<void>>>;
