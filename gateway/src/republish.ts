import { type Answer, type Exchange, notFound, unavailable } from '@ashlar/gateway';
import { refusalIn, type Services } from './services.ts';

/** Has a service say again what it has said since a moment. */
export async function republish(services: Services, exchange: Exchange): Promise<Answer> {
  const service = exchange.query.get('service') ?? '';
  if (!services.names.includes(service)) throw notFound();
  const path = `/ops/events/republish?since=${encodeURIComponent(exchange.query.get('since') ?? '')}`;
  const answer = await services.ask(service, { method: 'POST', path, exchange });
  if (!answer) throw unavailable(`The ${service} service is away.`);
  if (answer.status >= 400) throw refusalIn(answer);
  return { status: answer.status, body: { service, ...(answer.body as object) } };
}
