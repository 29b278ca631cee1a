import { type Databases, SERVICES, type ServiceName } from './databases.ts';

const TABLES = `
  select format('%I.%I', schemaname, tablename) as name from pg_tables
  where schemaname not in ('pg_catalog', 'information_schema') order by 1`;

/** Columns of bytes, as the text of a row shows them. */
const BYTES = /\\x([0-9a-f]{2,})/g;

/**
 * Looks for these in every row of every table of every service, as a dump of them would show it: in text, in JSON, in
 * bytes, and in base64. Answers `order.public.orders has Springfield`.
 */
export async function leaks(databases: Databases, wanted: readonly (string | Buffer)[]): Promise<string[]> {
  const found = await Promise.all(SERVICES.map((service) => leaksIn(databases, service, wanted)));
  return found.flat();
}

async function leaksIn(databases: Databases, service: ServiceName, wanted: readonly (string | Buffer)[]) {
  const found: string[] = [];
  for (const { name } of await databases.query<{ name: string }>(service, TABLES)) {
    const rows = await databases.query<{ row: string }>(service, `select t::text as row from ${name} t`);
    const whole = rows.map(({ row }) => row).join('\n');
    const bytes = Buffer.from([...whole.matchAll(BYTES)].map(([, hex]) => hex).join('0a'), 'hex');
    for (const one of wanted) if (isIn(one, whole, bytes)) found.push(`${service}.${name} has ${one.toString()}`);
  }
  return found;
}

function isIn(wanted: string | Buffer, text: string, bytes: Buffer): boolean {
  const raw = Buffer.from(wanted);
  const isText = typeof wanted === 'string' && text.toLowerCase().includes(wanted.toLowerCase());
  return isText || bytes.includes(raw) || inBase64(raw).some((form) => text.includes(form) || bytes.includes(form));
}

/** What base64 makes of it wherever it stands: at each of three places, without what its neighbours would change. */
const inBase64 = (raw: Buffer): string[] =>
  [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), raw]).toString('base64');
    return text.slice(Math.ceil((before * 4) / 3), Math.floor(((before + raw.length) * 4) / 3));
  });
