import { EmbeddedPostgresError, isUnreachable } from '@ashlar/postgres';
import { UsageError } from './configuration.ts';

/**
 * An error as a person at the terminal needs it: what is wrong, and what to do; never a stack for what is their
 * business.
 */
export function explain(error: unknown): readonly string[] {
  if (error instanceof UsageError) return error.faults.map((fault) => `ashlar: ${fault}`);
  if (error instanceof EmbeddedPostgresError) return [`ashlar: ${error.message}`];
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE' && error instanceof Error && 'port' in error) {
    return [`ashlar: port ${error.port} is taken: stop who uses it, or choose another one with --port.`];
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'ENOSPC' || code === 'EROFS') {
    return [`ashlar: ${(error as Error).message}: check the data directory (--data).`];
  }
  if (isUnreachable(error) || code === '28P01' || code === '28000' || code === '3D000' || code === '42501') {
    return [`ashlar: the database at DATABASE_URL cannot be used: ${(error as Error).message}`];
  }
  return [`ashlar: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
}
