import { EmbeddedPostgresError, isUnreachable } from '@ashlar/postgres';
import { DataDirectoryError } from './data-directory.ts';
import { NewServiceError } from './new-service/new-service.error.ts';
import { OperationError } from './operations/operation.error.ts';
import { UsageError } from './settings.ts';
import { ReplicaFailedError } from './supervision/replica.ts';
import { BrokerError } from './topology/broker.error.ts';

const OF_FILES = new Set(['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG']);
const OF_THE_DATABASE = new Set(['28P01', '28000', '3D000', '42501', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);

/** As the file system says it, and as PostgreSQL does. */
const DISK_FULL = new Set(['ENOSPC', '53100']);

const NO_CONNECTION_LEFT = '53300';

/** Errors whose message is meant for the person at the terminal. */
const TOLD = [DataDirectoryError, EmbeddedPostgresError, OperationError, BrokerError, NewServiceError] as const;

/**
 * An error as a person at the terminal needs it: what is wrong, and what to do; never a stack for what is their
 * business.
 */
export function explain(error: unknown): readonly string[] {
  if (error instanceof UsageError) return error.faults.map((fault) => `ashlar: ${fault}`);
  if (error instanceof ReplicaFailedError) return error.lines;
  if (TOLD.some((kind) => error instanceof kind)) return [`ashlar: ${(error as Error).message}`];
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE' && error instanceof Error && 'port' in error) {
    return [`ashlar: port ${error.port} is taken: stop who uses it, or choose another one with --port.`];
  }
  if (typeof code === 'string' && DISK_FULL.has(code)) {
    return [`ashlar: the disk is full (${(error as Error).message}): make room, or choose another place with --data.`];
  }
  if (typeof code === 'string' && OF_FILES.has(code)) {
    return [`ashlar: ${(error as Error).message}: check the data directory (--data).`];
  }
  if (code === NO_CONNECTION_LEFT) {
    const what = `the database has no connection left (${(error as Error).message})`;
    return [`ashlar: ${what}: raise its max_connections, start fewer replicas, or stop others that use it.`];
  }
  if (isUnreachable(error) || (typeof code === 'string' && OF_THE_DATABASE.has(code))) {
    const why = `the database at DATABASE_URL cannot be used (${(error as Error).message})`;
    return [`ashlar: ${why}: start it, or correct the address, which is an administrator's.`];
  }
  return [`ashlar: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
}
