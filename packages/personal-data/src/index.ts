export type { RandomBytes } from './cipher.ts';
export { KeyedHash } from './keyed-hash.ts';
export { personalDataMigrations } from './migrations.ts';
export type { PersonalKeys } from './personal-keys.ts';
export { PersonalVault } from './personal-vault.ts';
export { PostgresPersonalKeys } from './postgres-personal-keys.ts';
export { type SealPortion, sealStored } from './seal-stored.ts';
