/**
 * How files of which nobody knows whether the disk has them are brought there, after a crash and at the making: all at
 * once, where the system can; one by one they are three thousand.
 */
export const SYNC_METHOD = process.platform === 'linux' ? 'syncfs' : 'fsync';

/** Small at rest, safe after a crash, and room for the pools of all services. */
export const SETTINGS: Readonly<Record<string, string>> = {
  max_connections: '200',
  shared_buffers: '64MB',
  huge_pages: 'off',
  io_method: 'sync',
  jit: 'off',
  fsync: 'on',
  recovery_init_sync_method: SYNC_METHOD,
  synchronous_commit: 'on',
  wal_compression: 'pglz',
  max_wal_size: '512MB',
  // A replica that stays away for longer is made anew.
  max_slot_wal_keep_size: '1GB',
  deadlock_timeout: '200ms',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  password_encryption: 'scram-sha-256',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
};

/** Only what programs need: a `PGPORT` or `PGOPTIONS` of the user's shell is meant for another server. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
  ...(process.platform === 'win32' ? { SystemRoot: process.env['SystemRoot'] ?? 'C:\\Windows' } : {}),
};
