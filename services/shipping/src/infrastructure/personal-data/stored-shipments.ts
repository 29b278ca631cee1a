import { sealAnswers } from '@ashlar/http';
import { type PersonalVault, type SealPortion, sealStored } from '@ashlar/personal-data';
import type { Database } from '@ashlar/postgres';
import type { Address } from '../../domain/entities/shipment.entity.ts';

const PORTION = 200;

interface Row {
  readonly id: string;
  readonly userId: string | null;
  readonly address: Address;
}

const OPEN = `
  select id, user_id as "userId", state->'address' as address from shipments
  where id > $1 and state->'address' ? 'line1' order by id limit ${PORTION} for update`;

const REPLACE = `
  update shipments set version = version + 1, state = case
    when $2::jsonb is null then state - 'address' else jsonb_set(state, '{address}', $2) end
  where id = $1`;

/** Shipments, and the answers that tell of them, from before there were keys. */
export async function sealStoredShipments(db: Database, vault: PersonalVault): Promise<void> {
  await sealStored(db, 'shipments', shipmentsPortion(db, vault));
  const ownerOf = async (answer: unknown) => {
    const { orderId } = answer as { readonly orderId?: string };
    const sql = 'select user_id as "userId" from shipments where id = $1';
    const [row] = await db.query<{ userId: string | null }>(sql, [orderId ?? null]);
    return row?.userId ?? undefined;
  };
  await sealStored(db, 'answers', sealAnswers(db, vault, ownerOf));
}

function shipmentsPortion(db: Database, vault: PersonalVault): SealPortion {
  let after = '';
  return async () => {
    const rows = await db.query<Row>(OPEN, [after]);
    for (const { id, userId, address } of rows) {
      const sealed = userId === null ? undefined : await vault.seal(userId, { address });
      const value = sealed ? JSON.stringify(sealed.address) : null;
      await db.write({ sql: REPLACE, values: [id, value], rows: 1, what: 'The shipment' });
    }
    db.afterCommit(() => {
      after = rows.at(-1)?.id ?? after;
    });
    return rows.length;
  };
}
