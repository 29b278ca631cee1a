import { EmbeddedPostgresError, isUnreachable } from '@ashlar/postgres';
import { UsageError } from './configuration.ts';

const OF_FILES = new Set([
  'EACCES',
  'EPERM',
  'ENOSPC',
  'EROFS',
  'EEXIST',
  'ENOTDIR',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
]);
const OF_THE_DATABASE = new Set(['28P01', '28000', '3D000', '42501', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);

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
  if (typeof code === 'string' && OF_FILES.has(code)) {
    return [`ashlar: ${(error as Error).message}: check the data directory (--data).`];
  }
  if (isUnreachable(error) || (typeof code === 'string' && OF_THE_DATABASE.has(code))) {
    return [`ashlar: the database at DATABASE_URL cannot be used: ${(error as Error).message}`];
  }
  return [`ashlar: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
}
