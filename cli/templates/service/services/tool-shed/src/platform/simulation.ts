import {
  MemoryStates,
  type SimulatedDefinition,
  type SimulatedPlatform,
  simulatedVault,
  unique,
} from '@ashlar/simulation';
import type { ToolShedApplication } from '../application/tool-shed.application.ts';
import { KeyRing, type KeyRingState } from '../domain/entities/key-ring.entity.ts';
import type { KeyRingFilter, KeyRingRepository } from '../domain/repositories/key-ring.repository.interface.ts';
import { toMessage } from '../infrastructure/repositories/key-ring.message-mapper.ts';
import { createToolShedService } from './composition-root.ts';

type StoredKeyRing = Omit<KeyRingState, 'id' | 'version'>;

const TABLE = 'key rings';

/** Whose are stored by now, one for each. */
export const ownersIn = (stored: SimulatedPlatform['stored']): string[] =>
  [...stored.table<StoredKeyRing>(TABLE).values()].map(({ state }) => state.ownerId);

export class MemoryKeyRingRepository implements KeyRingRepository {
  readonly #keyRings: MemoryStates<StoredKeyRing>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#keyRings = new MemoryStates(work, stored.table<StoredKeyRing>(TABLE), {
      name: 'The key ring',
      constraints: [
        unique<StoredKeyRing>('key_rings_name', ({ state: { status, ownerId, name } }) =>
          status === 'active' ? `${ownerId} ${name}` : undefined,
        ),
      ],
      revive: ({ createdAt, updatedAt, ...state }) => ({
        ...state,
        createdAt: new Date(createdAt),
        updatedAt: new Date(updatedAt),
      }),
    });
  }

  async find(id: string): Promise<KeyRing | undefined> {
    const stored = await this.#keyRings.find(id);
    return stored && KeyRing.restore({ ...stored.state, id, version: stored.version });
  }

  async list({ ownerId, status, limit, after }: KeyRingFilter): Promise<KeyRing[]> {
    const found = await this.#keyRings.select(
      'lists key rings',
      ({ id, state }) => state.ownerId === ownerId && state.status === status && (!after || id < after),
    );
    const page = found.reverse().slice(0, limit);
    return page.map(({ id, version, state }) => KeyRing.restore({ ...state, id, version }));
  }

  async save(keyRing: KeyRing): Promise<void> {
    const events = keyRing.takeEvents();
    if (events.length === 0) return;
    const { id, version, ...state } = keyRing.state;
    await this.platform.work.transaction(async () => {
      await this.#keyRings.save({ id, version: version - 1, state });
      await this.platform.outbox.add(events.map(toMessage));
    });
  }

  async removeAllOf(ownerId: string): Promise<void> {
    await this.#keyRings.remove('removes key rings', ({ state }) => state.ownerId === ownerId);
  }
}

/** The service on memory, for simulations: the same composition root with other adapters. */
export const simulatedToolShedService = (): SimulatedDefinition<ToolShedApplication> => ({
  name: 'tool-shed',
  create: (platform) => {
    const { work: transactions, clock, ids } = platform;
    const keyRings = new MemoryKeyRingRepository(platform);
    const answers = { forget: async () => {} };
    const personalData = simulatedVault(platform);
    const adapters = { transactions, keyRings, answers, personalData, clock, ids };
    const { application, consumers } = createToolShedService(adapters);
    return { app: application, consumers };
  },
});
