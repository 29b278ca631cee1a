import { test } from 'node:test';
import { UserErased } from '@ashlar/contracts/user';
import { outgoing } from '@ashlar/messaging';
import { defineSimulation, type SimulatedDefinition, SOME_FAULTS, searchSeeds } from '@ashlar/simulation';
import { ownersIn, simulatedToolShedService } from './simulation.ts';

/** Says that somebody has left. */
const users: SimulatedDefinition<{ erase(userId: string): Promise<void> }> = {
  name: 'user',
  create: ({ work, outbox }) => ({
    app: {
      erase: (userId) => work.transaction(() => outbox.add([outgoing(UserErased, userId, { userId })])),
    },
    consumers: [],
  }),
};

const NAMES = ['First', 'Second', 'Third'];

const leaving = defineSimulation({
  system: (services) => ({
    services,
    users: services.deploy(users),
    toolShed: services.deploy(simulatedToolShedService()),
    gone: new Set<string>(),
  }),
  load: async ({ services, users, toolShed, gone }) => {
    for (const ownerId of ['ann', 'bob', 'cyd']) {
      for (const name of NAMES) await services.ask(toolShed, (app) => app.createKeyRing.execute({ ownerId, name }));
      if (ownerId === 'cyd') return;
      const isErased = await services.ask(users, (app) => app.erase(ownerId).then(() => true));
      if (isErased) gone.add(ownerId);
    }
  },
  faults: SOME_FAULTS,
  invariants: ({ toolShed, gone }) => {
    const owners = ownersIn(toolShed.stored);
    return [...gone].filter((owner) => owners.includes(owner)).map((owner) => `Something of ${owner} is left.`);
  },
});

test('whatever fails, nothing of somebody who has left stays', async () => {
  await searchSeeds(leaving, { count: 20, again: 'npm test -- tool-shed' });
});
