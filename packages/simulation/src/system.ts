import {
  Consumer,
  type ConsumerDefinition,
  type Duty,
  forgetAbsent,
  OutboxPublisher,
  Replica,
} from '@ashlar/messaging';
import { contextOrNew, runInContext, type Tracing } from '@ashlar/telemetry';
import { Instance } from './instance.ts';
import { memoryMessageStorage } from './memory/memory-messages.ts';
import { SimulatedBroker } from './simulated-bus.ts';
import { type SimulatedPlatform, simulatedPlatform } from './simulated-platform.ts';
import { StoredService } from './stored-service.ts';
import type { World } from './world.ts';

/** An instance of a service as the simulation sees it: what it reacts to, and what a load may ask of it. */
export interface SimulatedService<App> {
  readonly app: App;
  readonly consumers: readonly ConsumerDefinition[];
  readonly sagas?: {
    readonly consumer: string;
    readonly runtime: { startTimers(consumer: Pick<Consumer, 'settled'>, duty?: Duty): Promise<void> };
  };
  start?(): Promise<void>;
}

export interface SimulatedDefinition<App> {
  readonly name: string;
  create(platform: SimulatedPlatform): SimulatedService<App>;
}

/** Now and then one stays away for longer than anybody waits. */
const RESTART_MS = { least: 50, most: 3_000, longest: 20_000, seldom: 0.15 };
/** After so long another one is begun for an instance that stands still. */
const REPLACE_MS = { least: 1_000, most: 6_000 };
/** For so long, at most, one that was replaced goes on after it has woken up. */
const REPLACED_MS = 8_000;

/** Goes on in one fixed context: traces are nothing that a run depends on. */
const tracing: Tracing = {
  span: (_options, work, from) => (from ? runInContext(from, work) : work()),
  begin: (_options, from) => ({ context: from ?? contextOrNew(), end() {} }),
  ofStranger: (trace) => trace,
  shutdown: async () => {},
};

/**
 * Keeps one instance of a service going: after each death another one begins with what was committed. One that stands
 * still is replaced, too; when it wakes up there are two for a while.
 */
export class Deployment<App> {
  readonly stored = new StoredService();
  #running: { readonly instance: Instance; readonly app: App; hasBegun: boolean } | undefined;
  readonly #replaced = new Set<Instance>();
  #incarnations = 0;
  /** Who replaces one that stands still has another name in the leases: that one may still believe in his. */
  #place = 1;

  constructor(
    private readonly world: World,
    private readonly broker: SimulatedBroker,
    private readonly definition: SimulatedDefinition<App>,
  ) {
    this.#boot();
  }

  get name(): string {
    return this.definition.name;
  }

  /** Asks the instance that is running; never answers if that dies, and rejects when there is none. */
  async ask<T>(work: (app: App) => Promise<T>): Promise<T> {
    const running = this.#running;
    if (!running?.instance.isAlive) throw new Error(`${this.name} is away.`);
    await running.instance.awake();
    return work(running.app);
  }

  /** Ends the running instance as SIGKILL does. */
  kill(): void {
    this.#running?.instance.die('killed');
  }

  /** Lets the running instance stand still, as SIGSTOP does. */
  freeze(): void {
    this.#running?.instance.freeze();
  }

  /** What still has to happen here, in words; nothing when it is quiet. */
  get unrest(): string[] {
    const { messages, sagas, jobs } = this.stored;
    const unfinished = sagas.all.filter(({ state }) => state.progress.direction !== 'ended');
    const isHere = this.#running?.instance.isAlive && this.#running.hasBegun;
    return [
      ...(isHere ? [] : [`${this.name} is away`]),
      ...some(this.#replaced.size, `instances of ${this.name} that were replaced and go on`),
      ...some(messages.unpublished.length, `unpublished messages of ${this.name}`),
      ...some(messages.parked.size, `parked messages at ${this.name}${this.#whyParked}`),
      ...some([...messages.marks.values()].filter(({ parked }) => parked).length, `parked keys at ${this.name}`),
      ...some(unfinished.length, `sagas of ${this.name} that have not ended`),
      ...some(jobs.open.size, `open jobs of ${this.name}`),
    ];
  }

  /** What has failed first of what is parked; the others may wait behind it. */
  get #whyParked(): string {
    const failed = [...this.stored.messages.parked.values()].find(({ error }) => error !== null);
    return failed ? ` (${failed.consumer} ${failed.status}, ${failed.type}: ${failed.error})` : '';
  }

  #boot(): void {
    const { world, broker, definition, stored } = this;
    const instance = new Instance(world, `${definition.name}#${++this.#incarnations}`, {
      died: () => this.#died(instance),
      frozen: () => this.#replaceUnlessAwake(instance),
      sessionsEnded: () => stored.locks.forget(instance),
    });
    world.note(`${instance.name} begins`);
    const bus = broker.connect(instance);
    const { timers, clock } = instance;
    const onError = (error: unknown) => world.note(`${instance.name} is told: ${String(error)}`);
    const platform = simulatedPlatform({ instance, stored, onCommitted: (rows) => publisher.publish(rows) });
    const { work, ids, jobs } = platform;
    const storage = memoryMessageStorage({ work, stored: stored.messages });
    const source = `/services/${definition.name}`;
    const nextId = () => ids.next();
    const replica = new Replica({
      ...{ leases: storage.leases, name: `${definition.name}-${this.#place}`, nextId, clock, timers, onError },
    });
    const upkeep = replica.keep('upkeep', { gained: () => publisher.sweepSoon() });
    const deadlines = replica.keep('deadlines');
    const publisher = new OutboxPublisher({ outbox: storage.outbox, bus, source, timers, onError, upkeep });
    const service = definition.create(platform);
    const parts = { storage, bus, tracing, timers, clock, chance: () => world.random.next(), nextId, upkeep };
    const observer = { failed: (_: string, error: unknown) => onError(error) };
    const consumers = service.consumers.map((one) => new Consumer({ definition: one, observer, ...parts }));
    const running = { instance, app: service.app, hasBegun: false };
    this.#running = running;
    const begin = async () => {
      await service.start?.();
      await forgetAbsent(storage.registrations, consumers);
      for (const consumer of consumers) consumer.start();
      await replica.start();
      await publisher.start();
      await Promise.all(consumers.map((consumer) => consumer.catchUpNewChannels()));
      await jobs.start();
      const replies = consumers.find(({ name }) => name === service.sagas?.consumer);
      if (replies) await service.sagas?.runtime.startTimers(replies, deadlines);
      running.hasBegun = true;
    };
    begin().catch((error) => instance.die(`it cannot begin: ${error}`));
  }

  #died(instance: Instance): void {
    const { world } = this;
    this.stored.locks.forget(instance);
    if (this.#replaced.delete(instance)) return;
    const { least, most, longest, seldom } = RESTART_MS;
    const latest = world.random.happens(seldom) ? longest : most;
    world.after(least + world.random.next() * (latest - least), () => this.#boot());
  }

  #replaceUnlessAwake(instance: Instance): void {
    const { world } = this;
    const { least, most } = REPLACE_MS;
    world.after(least + world.random.next() * (most - least), () => {
      if (instance.silentForMs === 0 || this.#running?.instance !== instance || !instance.isAlive) return;
      this.#replaced.add(instance);
      this.#place += 1;
      this.#boot();
      instance.whenAwake(() => world.after(world.random.next() * REPLACED_MS, () => instance.die('it was replaced')));
    });
  }
}

const some = (count: number, what: string): string[] => (count > 0 ? [`${count} ${what}`] : []);

/** Services that talk over one broker. */
export class SimulatedSystem {
  readonly broker: SimulatedBroker;
  readonly #deployments: Deployment<unknown>[] = [];

  constructor(readonly world: World) {
    this.broker = new SimulatedBroker(world, { isPatient: world.random.happens(0.5) });
  }

  deploy<App>(definition: SimulatedDefinition<App>): Deployment<App> {
    const deployment = new Deployment(this.world, this.broker, definition);
    this.#deployments.push(deployment as Deployment<unknown>);
    return deployment;
  }

  get deployments(): readonly Deployment<unknown>[] {
    return this.#deployments;
  }

  /** What keeps the whole from being quiet. */
  get unrest(): string[] {
    const open = this.broker.open;
    return [...this.#deployments.flatMap(({ unrest }) => unrest), ...some(open, 'deliveries that are open')];
  }

  /** Asks as a client does, who gives up after a while: `undefined` then, and where the service is away. */
  async ask<App, T>(
    deployment: Deployment<App>,
    work: (app: App) => Promise<T>,
    withinMs = 5_000,
  ): Promise<T | undefined> {
    const tooLate = this.world.pass(withinMs).then(() => undefined);
    return Promise.race([deployment.ask(work).catch(() => undefined), tooLate]);
  }
}
