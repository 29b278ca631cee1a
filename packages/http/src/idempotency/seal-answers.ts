import type { PersonalVault, SealPortion } from '@ashlar/personal-data';
import type { Database } from '@ashlar/postgres';

const PORTION = 200;

interface Row {
  readonly scope: Buffer;
  readonly body: string;
}

const OPEN = `
  select scope, body from idempotency_keys
  where owner is null and status between 200 and 299 and body is not null and scope > $1
  order by scope limit ${PORTION} for update`;

const REPLACE = 'update idempotency_keys set body = $2, owner = $3 where scope = $1';
const FORGET = 'delete from idempotency_keys where scope = $1';

/**
 * Seals the answers that were kept before there were keys, for `sealStored`. `ownerOf` tells whose personal data an
 * answer holds, if it holds any; of who has gone, it is forgotten.
 */
export function sealAnswers(
  db: Database,
  vault: PersonalVault,
  ownerOf: (answer: unknown) => Promise<string | undefined>,
): SealPortion {
  let after: Buffer = Buffer.alloc(0);
  return async () => {
    const rows = await db.query<Row>(OPEN, [after]);
    for (const { scope, body } of rows) {
      const answer: unknown = JSON.parse(body);
      const owner = await ownerOf(answer);
      if (owner === undefined) continue;
      const sealed = await vault.seal(owner, { answer });
      if (sealed) await db.write({ sql: REPLACE, values: [scope, JSON.stringify(sealed.answer), owner] });
      else await db.write({ sql: FORGET, values: [scope] });
    }
    db.afterCommit(() => {
      after = rows.at(-1)?.scope ?? after;
    });
    return rows.length;
  };
}
