import type { Database } from '@ashlar/postgres';
import type { KeyMaterial, SigningKey } from '../../domain/entities/signing-key.entity.ts';
import type { SigningKeyRepository } from '../../domain/repositories/signing-key.repository.interface.ts';

interface Row extends KeyMaterial {
  readonly createdAt: Date;
  readonly signsFrom: Date;
  readonly retiredAt: Date | null;
}

const toKey = ({ retiredAt, ...key }: Row): SigningKey => ({ ...key, ...(retiredAt && { retiredAt }) });

export class PostgresSigningKeyRepository implements SigningKeyRepository {
  constructor(private readonly db: Database) {}

  async list(): Promise<SigningKey[]> {
    const rows = await this.db.query<Row>(
      `select kid, private_jwk as "privateJwk", public_jwk as "publicJwk", created_at as "createdAt",
         signs_from as "signsFrom", retired_at as "retiredAt"
       from signing_keys order by created_at, kid`,
    );
    return rows.map(toKey);
  }

  async listToChange(): Promise<SigningKey[]> {
    await this.db.query(`select pg_advisory_xact_lock(hashtextextended('signing keys', 0))`);
    return this.list();
  }

  async replace(keys: readonly SigningKey[]): Promise<void> {
    await this.db.transaction(async () => {
      const kids = keys.map(({ kid }) => kid);
      await this.db.write({ sql: 'delete from signing_keys where not kid = any($1)', values: [kids] });
      await this.db.write({
        sql: `insert into signing_keys (kid, private_jwk, public_jwk, created_at, signs_from, retired_at)
              select kid, "privateJwk", "publicJwk", "createdAt", "signsFrom", "retiredAt"
              from json_to_recordset($1) as k(kid text, "privateJwk" jsonb, "publicJwk" jsonb,
                "createdAt" timestamptz, "signsFrom" timestamptz, "retiredAt" timestamptz)
              on conflict (kid) do update set retired_at = excluded.retired_at`,
        values: [JSON.stringify(keys)],
      });
    });
  }
}
