import { DomainError } from '@ashlar/domain';
import { type LocalRoute, Refusal } from '@ashlar/gateway';
import { parseConsistencyToken } from '@ashlar/http';

export const CONSISTENCY_TOKEN = 'consistency-token';

/** What the gateway answers by itself refuses a malformed Consistency-Token as services do. */
export const checkingTokens = (route: LocalRoute): LocalRoute => ({
  ...route,
  handle: async (exchange) => {
    checkToken(exchange.request.headers.get(CONSISTENCY_TOKEN));
    return route.handle(exchange);
  },
});

function checkToken(token: string | undefined): void {
  if (token === undefined) return;
  try {
    parseConsistencyToken(token);
  } catch (error) {
    if (error instanceof DomainError) throw new Refusal(400, error.code, { detail: error.message });
    throw error;
  }
}
