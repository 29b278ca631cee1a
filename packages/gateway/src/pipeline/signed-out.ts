import type { Clock } from '@ashlar/domain';
import type { Revocations } from '../auth/revocations.ts';
import type { Exchange } from '../exchange.ts';
import { isLocal } from '../routing/route.ts';
import type { HeaderList } from '../wire/header-list.ts';
import { Passing } from '../wire/passing.ts';
import type { Middleware } from './middleware.ts';

/** Learns from the answers of a service which sessions have just ended, and which role a user has from then on. */
export const signedOut =
  (revocations: Revocations, clock: Clock): Middleware =>
  (exchange, next) => {
    const { route } = exchange;
    if (route && !isLocal(route) && route.ends) exchange.sink = new Ended(exchange, { revocations, clock });
    return next(exchange);
  };

const ENDED_SESSION = 'ashlar-ended-session';
/** A user's id and role. */
const CURRENT_ROLE = 'ashlar-current-role';

class Ended extends Passing {
  constructor(
    private readonly exchange: Exchange,
    private readonly by: { readonly revocations: Revocations; readonly clock: Clock },
  ) {
    super(exchange.sink);
  }

  override begin(status: number, headers: HeaderList): void {
    const named = headers.get(ENDED_SESSION);
    const role = headers.get(CURRENT_ROLE);
    headers.delete(ENDED_SESSION);
    headers.delete(CURRENT_ROLE);
    if (named !== undefined) this.by.revocations.endSession(named);
    else if (status < 300) this.#end(role);
    super.begin(status, headers);
  }

  #end(told: string | undefined): void {
    const { caller, route } = this.exchange;
    if (!caller || !route || isLocal(route)) return;
    const { id, sessionId } = caller;
    const { revocations, clock } = this.by;
    // As of the answer: a session that somebody began while the request was under way has ended with the others.
    const atMs = clock.now().getTime();
    if (route.ends === 'session' && sessionId !== undefined) revocations.endSession(sessionId);
    if (route.ends === 'user') revocations.endUser(id, { atMs });
    if (route.ends === 'other-sessions') revocations.endUser(id, { atMs, except: sessionId });
    const [userId, role] = told?.split(' ') ?? [];
    if (route.ends === 'former-role' && userId && role) revocations.changeRole({ userId, role, atMs });
  }
}
