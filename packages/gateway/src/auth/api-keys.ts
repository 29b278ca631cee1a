import { createHash } from 'node:crypto';
import type { Identity } from './identity.ts';

/** A key as the gateway knows it: never the key itself. */
export interface ApiKey {
  readonly id: string;
  /** SHA-256 of the key, in hexadecimal. Keys are random and long, so that a fast hash gives nothing away. */
  readonly sha256: string;
  readonly role?: string;
  readonly scopes?: readonly string[];
}

/** Who has the key. Looked up by its hash, so that the time it takes tells nothing of the keys there are. */
export function apiKeyReader(keys: readonly ApiKey[]): (key: string) => Identity | undefined {
  const byHash = new Map(keys.map((key) => [key.sha256.toLowerCase(), key]));
  return (key) => {
    const found = byHash.get(createHash('sha256').update(key).digest('hex'));
    return found && { id: found.id, role: found.role ?? 'service', scopes: found.scopes ?? [] };
  };
}
