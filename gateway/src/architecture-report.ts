import { type Answer, type Exchange, unavailable } from '@ashlar/gateway';

/** Judges the running system; made elsewhere, so that no request waits for it but the one that asks. */
export interface ArchitectureReports {
  /** The last report, or a new one where that is old; asked for on behalf of this administrator. */
  latest(token: string): Promise<object | undefined>;
}

export async function readReport(reports: ArchitectureReports | undefined, exchange: Exchange): Promise<Answer> {
  const [, token = ''] = /^Bearer (\S+)$/i.exec(exchange.request.headers.get('authorization') ?? '') ?? [];
  const body = await reports?.latest(token);
  if (!body) throw unavailable('The doctor has no report of this system; ashlar doctor --live URL tells why.');
  return { status: 200, body };
}
