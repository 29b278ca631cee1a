import { event, on, outgoing } from '@ashlar/messaging';
import { defineSimulation, MemoryStates, type SimulatedDefinition, searchSeeds } from '@ashlar/simulation';
import { Type } from 'typebox';

const Sold = event('till.Sold.v1', Type.Object({ customer: Type.String(), amount: Type.Integer() }));

/** Sells, and says so in the same transaction. */
const till: SimulatedDefinition<{ sell(customer: string, amount: number): Promise<void> }> = {
  name: 'till',
  create({ work, stored, outbox }) {
    const sales = new MemoryStates<number>(work, stored.table('sales'), { name: 'The sales' });
    const sell = (customer: string, amount: number) =>
      work.transaction(async () => {
        const { version, state } = (await sales.find(customer)) ?? { version: 0, state: 0 };
        await sales.save({ id: customer, version, state: state + amount });
        await outbox.add([outgoing(Sold, customer, { customer, amount })]);
      });
    return { app: { sell }, consumers: [] };
  },
};

/** Gives a point for each coin. A careless one does so outside of the transaction, behind the back of the inbox. */
const points = ({ isCareless = false } = {}): SimulatedDefinition<object> => ({
  name: 'points',
  create({ work, stored }) {
    const table = stored.table<number>('points');
    const given = new MemoryStates<number>(work, table, { name: 'The points' });
    const give = on(Sold, async ({ data: { customer, amount } }) => {
      const { version, state } = (await given.find(customer)) ?? { version: 0, state: 0 };
      await given.save({ id: customer, version, state: state + amount });
    });
    const giveAtOnce = on(Sold, ({ data: { customer, amount } }) =>
      work.read('gives points', () => {
        const { version, state } = table.get(customer) ?? { version: 0, state: 0 };
        table.set(customer, { id: customer, version: version + 1, state: state + amount });
      }),
    );
    return { app: {}, consumers: [{ name: 'points', subscriptions: [isCareless ? giveAtOnce : give] }] };
  },
});

// What runs, what is done to it, what goes wrong meanwhile, and what has to hold in the end.
const simulation = (service: SimulatedDefinition<object>) =>
  defineSimulation({
    system: (services) => ({ services, till: services.deploy(till), points: services.deploy(service) }),
    load: async (shop) => {
      for (let coins = 1; coins <= 20; coins++) await shop.services.ask(shop.till, (app) => app.sell('ada', coins));
    },
    faults: { crash: 0.01, duplicate: 0.2, drop: 0.1 },
    invariants(shop) {
      const [paid, given] = [shop.till.stored.table('sales'), shop.points.stored.table('points')];
      return paid.get('ada')?.state === given.get('ada')?.state
        ? []
        : ['Ada has not got the points that she paid for.'];
    },
  });

const again = 'node packages/simulation/example/bonus-points.ts';
const faults = await searchSeeds(simulation(points()), { count: 50, again });
console.log(`50 runs, ${faults.of('crash') > 0 ? 'with crashes' : 'without a crash'}: all points are right.`);

await searchSeeds(simulation(points({ isCareless: true })), { count: 50, again }).catch(({ message }: Error) => {
  const [seed, , fewest, , , ...trace] = message.split('\n');
  console.log([seed, fewest, ...trace.slice(-1)].join('\n'));
});
