import { createHash } from 'node:crypto';
import { type PersonalKeys, PersonalVault, type RandomBytes } from '@ashlar/personal-data';
import type { SimulatedPlatform } from '../simulated-platform.ts';
import { MemoryStates } from './memory-states.ts';

/** The name of the table in which a service keeps the keys of persons. */
export const PERSONAL_KEYS = 'personal keys';

/** A key; without one, somebody who was erased. */
export interface StoredPersonalKey {
  readonly key?: string;
}

const KEY_BYTES = 32;

export class MemoryPersonalKeys implements PersonalKeys {
  readonly #keys: MemoryStates<StoredPersonalKey>;
  readonly #bytes: RandomBytes;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored, world } = platform;
    this.#keys = new MemoryStates(work, stored.table<StoredPersonalKey>(PERSONAL_KEYS), { name: 'The personal key' });
    this.#bytes = bytesOf(world);
  }

  async find(owners: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    const found = [...(await this.#keys.findMany(owners))];
    return new Map(found.flatMap(([owner, { state }]) => (state.key ? [[owner, bufferOf(state.key)] as const] : [])));
  }

  async use(owner: string): Promise<Buffer | undefined> {
    await this.platform.work.lock([lockOf(owner)], 'shared');
    const known = await this.#keys.find(owner);
    if (known) return known.state.key === undefined ? undefined : bufferOf(known.state.key);
    const key = this.#bytes(KEY_BYTES);
    await this.#keys.save({ id: owner, version: 0, state: { key: key.toString('base64') } });
    return key;
  }

  async prefetch(owners: readonly string[]): Promise<void> {
    await this.platform.work.lock(owners.toSorted().map(lockOf), 'shared');
    await this.#keys.findMany(owners);
  }

  async erase(owner: string): Promise<void> {
    await this.platform.work.lock([lockOf(owner)]);
    const known = await this.#keys.find(owner);
    if (known && known.state.key === undefined) return;
    await this.#keys.save({ id: owner, version: known?.version ?? 0, state: {} });
  }
}

const lockOf = (owner: string): string => `personal key ${owner}`;

const bufferOf = (key: string): Buffer => Buffer.from(key, 'base64');

/** Nobody can guess an id of this world who does not know its seed; 64 bytes at most. */
const bytesOf =
  (world: SimulatedPlatform['world']): RandomBytes =>
  (count) =>
    createHash('sha512').update(world.nextId()).digest().subarray(0, count);

/** Seals and opens as in production, with keys on memory and all of its chance from the seed. */
export const simulatedVault = (platform: SimulatedPlatform): PersonalVault =>
  new PersonalVault(new MemoryPersonalKeys(platform), bytesOf(platform.world));
