import { PersonalVault, PostgresPersonalKeys, personalDataMigrations } from '@ashlar/personal-data';
import { migrate, PostgresDatabase } from '@ashlar/postgres';

const url = process.env['DATABASE_URL'] ?? '';
await migrate(url, await personalDataMigrations());
const db = new PostgresDatabase({ url });
const vault = new PersonalVault(new PostgresPersonalKeys(db));

const ada = await db.transaction(() => vault.seal('ada', { street: 'Main 1', city: 'Ulm' }));
const bob = await db.transaction(() => vault.seal('bob', { city: 'Bonn' }));
console.log('what is stored tells', ada!.city.of, ada!.city.as, ada!.city.sealed.includes('Ulm'));
console.log(await vault.openAll([ada!.city, bob!.city]));
await vault.erase('ada');
console.log(await vault.openAll([ada!.city, bob!.city]));
console.log(await db.transaction(() => vault.seal('ada', { city: 'Ulm' })));
await db.close();
