/** Sees what is sent to the database, on whose behalf, and how it ends. */
export interface RoundTrips<Origin = unknown> {
  /** On whose behalf the caller writes; what a transaction buffers is sent on behalf of the first that is told. */
  origin(): Origin | undefined;
  /** Called as the statements leave; what it answers is called when they are answered. */
  sent(statements: readonly string[], origin: Origin | undefined): (failure?: unknown) => void;
}

interface Sending<Answer> {
  readonly statements: readonly { readonly text: string }[];
  readonly origin: unknown;
  readonly send: () => Promise<Answer>;
}

/** Sends while somebody watches. */
export async function watched<Answer>(
  trips: RoundTrips,
  { statements, origin, send }: Sending<Answer>,
): Promise<Answer> {
  const texts = statements.map(({ text }) => text);
  const answered = trips.sent(texts, origin ?? trips.origin());
  try {
    const answer = await send();
    answered();
    return answer;
  } catch (error) {
    answered(error);
    throw error;
  }
}

/** What a statement does, in two words that are the same for the same statement. */
export function summaryOf(sql: string): string {
  const known = summaries.get(sql);
  if (known !== undefined) return known;
  const [, verb, table] = WRITE.exec(sql) ?? [];
  const summary = verb ? `${verb.split(/\s/)[0]!.toUpperCase()} ${table}` : readIn(sql);
  summaries.set(sql, summary);
  return summary;
}

const WRITE = /\b(insert\s+into|(?<!\b(?:for|do)\s+(?:no key )?)update|delete\s+from)\s+([\w.]+)/i;
const READ = /\bfrom\s+([\w.]+)/i;

/** Statements are constants of the code: there are as many as somebody has written. */
const summaries = new Map<string, string>();

function readIn(sql: string): string {
  const table = READ.exec(sql)?.[1];
  return table === undefined ? sql.trim().split(/\s/)[0]!.toUpperCase() : `SELECT ${table}`;
}
