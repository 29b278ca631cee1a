import { sealAnswers } from '@ashlar/http';
import { type PersonalVault, type SealPortion, sealStored } from '@ashlar/personal-data';
import type { Database } from '@ashlar/postgres';
import type { Address } from '../../domain/entities/order.entity.ts';

const PORTION = 200;

interface Row {
  readonly id: string;
  readonly userId: string;
  readonly shippingAddress: Address;
}

const OPEN = `
  select id, user_id as "userId", state->'shippingAddress' as "shippingAddress" from orders
  where id > $1 and state->'shippingAddress' ? 'line1' order by id limit ${PORTION} for update`;

const REPLACE = `
  update orders set version = version + 1, state = case
    when $2::jsonb is null then state - 'shippingAddress' else jsonb_set(state, '{shippingAddress}', $2) end
  where id = $1`;

/** Orders, and the answers that tell of them, from before there were keys. */
export async function sealStoredOrders(db: Database, vault: PersonalVault): Promise<void> {
  await sealStored(db, 'orders', ordersPortion(db, vault));
  const ownerOf = async (answer: unknown) => (answer as { readonly userId?: string }).userId;
  await sealStored(db, 'answers', sealAnswers(db, vault, ownerOf));
}

function ordersPortion(db: Database, vault: PersonalVault): SealPortion {
  let after = '';
  return async () => {
    const rows = await db.query<Row>(OPEN, [after]);
    for (const { id, userId, shippingAddress } of rows) {
      const sealed = await vault.seal(userId, { shippingAddress });
      const address = sealed ? JSON.stringify(sealed.shippingAddress) : null;
      await db.write({ sql: REPLACE, values: [id, address], rows: 1, what: 'The order' });
    }
    db.afterCommit(() => {
      after = rows.at(-1)?.id ?? after;
    });
    return rows.length;
  };
}
