import { sealAnswers } from '@ashlar/http';
import { type PersonalVault, type SealPortion, sealStored } from '@ashlar/personal-data';
import type { Database } from '@ashlar/postgres';
import type { EmailHashes } from '../../application/ports/email-hashes.interface.ts';

const PORTION = 200;

interface Row {
  readonly id: string;
  readonly email: string;
  readonly name: string;
}

const OPEN = `
  select id, state->>'email' as email, state->>'name' as name from users
  where id > $1 and jsonb_typeof(state->'email') = 'string' order by id limit ${PORTION} for update`;

const REPLACE = `
  update users set version = version + 1, email_hash = $2, state = state || $3::jsonb where id = $1`;

/** Users, and the answers to their sign-up, from before there were keys. */
export async function sealStoredProfiles(db: Database, vault: PersonalVault, hashes: EmailHashes): Promise<void> {
  await sealStored(db, 'users', usersPortion(db, vault, hashes));
  await sealStored(
    db,
    'answers',
    sealAnswers(db, vault, async (answer) => (answer as { readonly id?: string }).id),
  );
  // Refusals as well were kept under the e-mail address of whoever had asked.
  await sealStored(db, 'callers', async () => {
    const rows = await db.query<{ caller: string }>(
      `select distinct caller from idempotency_keys where caller like '%@%' limit ${PORTION}`,
    );
    for (const { caller } of rows) {
      const values = [caller, await hashes.of(caller)];
      await db.write({ sql: 'update idempotency_keys set caller = $2 where caller = $1', values });
    }
    return rows.length;
  });
}

function usersPortion(db: Database, vault: PersonalVault, hashes: EmailHashes): SealPortion {
  let after = '';
  return async () => {
    const rows = await db.query<Row>(OPEN, [after]);
    for (const { id, email, name } of rows) {
      const sealed = await vault.seal(id, { email, name });
      const emailHash = await hashes.of(email);
      const values = [id, emailHash, JSON.stringify({ ...sealed, emailHash })];
      await db.write({ sql: REPLACE, values, rows: 1, what: 'The user' });
    }
    db.afterCommit(() => {
      after = rows.at(-1)?.id ?? after;
    });
    return rows.length;
  };
}
