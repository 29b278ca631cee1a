import { type SimulatedDefinition, type SimulatedPlatform, simulatedVault } from '@ashlar/simulation';
import type { Tokens } from '../application/ports/tokens.interface.ts';
import type { UserApplication } from '../application/user.application.ts';
import { createUserService } from './composition-root.ts';
import {
  MemorySessionRepository,
  MemorySigningKeyRepository,
  MemoryUserRepository,
  memoryHashes,
} from './simulation.repositories.ts';

export type { UserApplication };

/** Nobody shows a token here. */
const tokensOf = ({ ids, clock }: SimulatedPlatform): Tokens => ({
  accessToken: async () => ({ token: ids.next(), expiresIn: 900 }),
  refreshToken: () => {
    const token = ids.next();
    return { token, tokenHash: token, expiresAt: new Date(clock.now().getTime() + 3_600_000) };
  },
  hashOf: (token) => token,
});

/** The service on memory, for simulations: the same composition root with other adapters. */
export const simulatedUserService = (): SimulatedDefinition<UserApplication> => ({
  name: 'user',
  create: (platform) => {
    const { work, clock, ids, timers, world } = platform;
    const vault = simulatedVault(platform);
    const { application, consumers } = createUserService(
      {
        transactions: work,
        users: new MemoryUserRepository(platform),
        sessions: new MemorySessionRepository(platform),
        keys: new MemorySigningKeyRepository(platform),
        hashes: memoryHashes,
        vault,
        sealStored: async () => {},
        answers: { forget: async () => {} },
        passwords: { hash: async (password) => password, verify: async (password, hash) => password === hash },
        tokens: tokensOf(platform),
        keyMaker: { make: () => Promise.reject(new Error('No keys are made in a simulation.')) },
        clock,
        ids,
        timers,
        onError: (error) => world.note(`sessions could not be purged: ${String(error)}`),
      },
      { issuer: 'ashlar', audience: 'ashlar', accessTokenSeconds: 900, refreshTokenSeconds: 3_600 },
    );
    return { app: application, consumers };
  },
});
