import { StoredEvents } from './memory/memory-event-store.ts';
import { StoredJobs } from './memory/memory-jobs.ts';
import { Locks } from './memory/memory-locks.ts';
import { StoredMessages } from './memory/memory-messages.ts';
import { StoredSagas } from './memory/memory-sagas.ts';
import type { StoredStates } from './memory/memory-states.ts';

/** What a service has committed. It outlives every instance of it. */
export class StoredService {
  readonly messages = new StoredMessages();
  readonly events = new StoredEvents();
  readonly sagas = new StoredSagas();
  readonly jobs = new StoredJobs();
  readonly locks = new Locks();
  readonly #tables = new Map<string, StoredStates<unknown>>();

  table<State>(name: string): StoredStates<State> {
    const table = this.#tables.get(name) ?? new Map();
    this.#tables.set(name, table);
    return table as StoredStates<State>;
  }

  /** All of it as one text: for whoever looks for what must not be there. */
  get text(): string {
    const { outbox, parked } = this.messages;
    const { all, snapshots } = this.events;
    const { open, failed } = this.jobs;
    const kept = { tables: this.#tables, outbox, parked, all, snapshots, sagas: this.sagas.all, open, failed };
    return JSON.stringify(kept, (_, value: unknown) => (value instanceof Map ? [...value] : value));
  }
}
