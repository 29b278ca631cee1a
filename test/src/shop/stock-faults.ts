import { differ } from './differ.ts';
import type { Books } from './invariants.ts';
import type { Shop } from './shop.ts';

interface Level {
  readonly id: string;
  readonly adjusted: number;
  readonly taken: number;
  readonly held: number;
}

/** By product: what was adjusted, what confirmed orders have taken, and what open ones hold. */
const LEVELS = `
  with lines as (
    select r.status, line->>'productId' as product_id, (line->>'quantity')::bigint as quantity
    from reservations r cross join jsonb_array_elements(r.state->'lines') as line
  )
  select id,
    coalesce((select sum(delta) from adjustments a where a.product_id = s.id), 0)::float8 as adjusted,
    coalesce((select sum(quantity) from lines where product_id = s.id and status = 'committed'), 0)::float8 as taken,
    coalesce((select sum(quantity) from lines where product_id = s.id and status = 'reserved'), 0)::float8 as held
  from stock_levels s order by id`;

/** 0 ≤ reserved ≤ on hand = adjustments − committed; reserved = what open orders hold. */
export async function stockFaults(shop: Shop, { databases }: Books): Promise<string[]> {
  const admin = await shop.admin();
  const faults: string[] = [];
  for (const { id, adjusted, taken, held } of await databases.query<Level>('inventory', LEVELS)) {
    const { onHand, reserved, available } = await admin.stock(id);
    faults.push(
      ...differ(`product ${id}: on hand`, onHand, adjusted - taken),
      ...differ(`product ${id}: reserved`, reserved, held),
      ...differ(`product ${id}: available`, available, onHand - reserved),
      ...(reserved < 0 || reserved > onHand ? [`product ${id}: ${reserved} of ${onHand} are reserved`] : []),
    );
  }
  return faults;
}
