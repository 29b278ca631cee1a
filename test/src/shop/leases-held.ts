import type { Databases, ServiceName } from './databases.ts';

/** How many leases of its service a replica holds that are still good. */
export async function leasesHeld(databases: Databases, service: ServiceName, replica: string): Promise<number> {
  const sql = `select count(*) as held from leases where holder like $1 || '#%' and expires_at > clock_timestamp()`;
  const [counted] = await databases.query<{ held: number }>(service, sql, [replica]);
  return counted!.held;
}

export const holdsNothing = async (...one: Parameters<typeof leasesHeld>): Promise<boolean> =>
  (await leasesHeld(...one)) === 0;
