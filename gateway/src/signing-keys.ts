import { type Answer, type Exchange, unavailable } from '@ashlar/gateway';
import { refusalIn, type Services } from './services.ts';

/** Has the user service bring in another key; what the old ones have signed stays good until it expires. */
export async function rotateSigningKey(services: Services, exchange: Exchange): Promise<Answer> {
  const answer = await services.ask('user', { method: 'POST', path: '/ops/signing-keys/rotation', exchange });
  if (!answer) throw unavailable('The user service is away.');
  if (answer.status >= 400) throw refusalIn(answer);
  return { status: answer.status, body: answer.body };
}
