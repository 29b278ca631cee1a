import { event, on, outgoing } from '@ashlar/messaging';
import { Type } from 'typebox';
import { MemoryStates } from './memory/memory-states.ts';
import { defineSimulation, type Simulation } from './simulate.ts';
import type { Deployment, SimulatedDefinition, SimulatedSystem } from './system.ts';

const Counted = event('counter.Counted.v1', Type.Object({ n: Type.Integer() }));

interface Counter {
  /** Counts one on, tells others of it, and has the world outside hear of it by a job. */
  count(): Promise<void>;
}

export interface Counting {
  readonly services: SimulatedSystem;
  readonly counter: Deployment<Counter>;
  readonly listener: Deployment<object>;
  /** What the world outside has heard. */
  readonly heard: Set<string>;
}

const counter = (heard: Set<string>): SimulatedDefinition<Counter> => ({
  name: 'counter',
  create({ work, stored, outbox, jobs, clock, outside }) {
    const counts = new MemoryStates<number>(work, stored.table('counts'), { name: 'The count' });
    const tell = jobs.queue({ name: 'tell' }, (_, { id }) => outside('tells', () => void heard.add(id)));
    const count = () =>
      work.transaction(async () => {
        const { version, state } = (await counts.find('all')) ?? { version: 0, state: 0 };
        const n = state + 1;
        await counts.save({ id: 'all', version, state: n });
        await outbox.add([outgoing(Counted, 'all', { n })]);
        await tell.enqueue({ id: `${n}`, data: { at: clock.now().toISOString() } });
      });
    return { app: { count }, consumers: [] };
  },
});

const listener: SimulatedDefinition<object> = {
  name: 'listener',
  create({ work, stored }) {
    const notes = new MemoryStates<readonly number[]>(work, stored.table('notes'), { name: 'The notes' });
    const note = on(Counted, async ({ data: { n } }) => {
      const { version, state } = (await notes.find('all')) ?? { version: 0, state: [] };
      await notes.save({ id: 'all', version, state: [...state, n] });
    });
    return { app: {}, consumers: [{ name: 'listener', subscriptions: [note] }] };
  },
};

/** One counts, the other notes what it hears, the world outside hears it by a job: all of it in the end, and once. */
export const countingSimulation = (given: Partial<Simulation<Counting>> = {}): Simulation<Counting> =>
  defineSimulation<Counting>({
    system(services) {
      const heard = new Set<string>();
      return { services, counter: services.deploy(counter(heard)), listener: services.deploy(listener), heard };
    },
    async load(system) {
      for (let n = 0; n < 10; n++) await system.services.ask(system.counter, (app) => app.count());
    },
    invariants(system) {
      const count = system.counter.stored.table<number>('counts').get('all')?.state ?? 0;
      const notes = system.listener.stored.table<readonly number[]>('notes').get('all')?.state ?? [];
      const all = Array.from({ length: count }, (_, index) => index + 1);
      return [
        ...(notes.join() === all.join() ? [] : [`${count} were counted, and noted were ${notes.join()}`]),
        ...(system.heard.size === count ? [] : [`${count} were counted, and ${system.heard.size} heard outside`]),
      ];
    },
    ...given,
  });
