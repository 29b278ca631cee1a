import { catalogue } from '@ashlar/contracts/catalogue';
import { describeService, type ServiceDescription } from '@ashlar/host';
import { loadService, SERVICES } from '../topology/shop-services.ts';
import { VERSION } from '../version.ts';

/** Addresses and names that a description does not depend on. */
const SETTINGS = {
  seed: 'none',
  saga: 'orchestration',
  stepTimeoutMs: 1_000,
  cardProcessorUrl: 'http://127.0.0.1:1',
  carrierUrl: 'http://127.0.0.1:1',
  readModels: 'postgres',
  copies: 'none',
  administrator: { email: 'nobody@example.org', password: 'of no importance' },
} as const;

/** What each service says to the world; nothing has to run for it. */
export async function describeSystem(): Promise<readonly ServiceDescription[]> {
  return Promise.all(
    SERVICES.map(async (name) =>
      describeService({
        definition: await loadService(name, SETTINGS),
        version: VERSION,
        owns: catalogue[name] ?? [],
      }),
    ),
  );
}
