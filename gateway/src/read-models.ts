import { type Answer, type Exchange, notFound, unavailable } from '@ashlar/gateway';
import { refusalIn, type Services } from './services.ts';

interface Named {
  readonly name: string;
}

/** The lists of all services as one, each entry with the service that it comes from; who is away is named. */
export async function joinedList(services: Services, exchange: Exchange): Promise<Answer> {
  const { joined, away } = await askEverybody<object>(services, exchange, { path: exchange.target!.path });
  return { status: 200, body: { items: joined, nextCursor: null, ...(away.length > 0 && { unavailable: away }) } };
}

/** Has every service archive what has ended there. */
export async function archiveEnded(services: Services, exchange: Exchange): Promise<Answer> {
  const { joined, away } = await askEverybody<object>(services, exchange, {
    method: 'POST',
    path: exchange.target!.path,
  });
  return { status: 200, body: { items: joined, ...(away.length > 0 && { unavailable: away }) } };
}

/** Has a read model made anew by the service that it belongs to. */
export async function rebuildProjection(services: Services, exchange: Exchange): Promise<Answer> {
  const { name = '' } = exchange.parameters;
  const { joined, away } = await askEverybody<Named>(services, exchange, { path: '/ops/projections' });
  const found = joined.find((projection) => projection.name === name);
  if (!found && away.length > 0) {
    throw unavailable(`No other service knows it, and some are away: ${away.join(', ')}.`);
  }
  if (!found) throw notFound();
  const answer = await services.ask(found.service, { method: 'POST', path: exchange.target!.path, exchange });
  if (!answer) throw unavailable(`The ${found.service} service is away.`);
  if (answer.status >= 400) throw refusalIn(answer);
  return { status: answer.status, body: answer.body };
}

/** What every service answers that knows the question. */
export async function askEverybody<Item extends object>(
  services: Services,
  exchange: Exchange,
  { path, method = 'GET' }: { readonly path: string; readonly method?: 'GET' | 'POST' },
): Promise<{ joined: readonly (Item & { readonly service: string })[]; away: readonly string[] }> {
  const answers = await Promise.all(
    services.names.map(async (service) => ({
      service,
      answer: await services.ask(service, { method, path, exchange }),
    })),
  );
  const refused = answers.find(({ answer }) => answer && answer.status >= 400 && answer.status !== 404);
  if (refused?.answer) throw refusalIn(refused.answer);
  const joined = answers.flatMap(({ service, answer }) =>
    answer?.status === 200 ? (answer.body as { items: Item[] }).items.map((item) => ({ service, ...item })) : [],
  );
  return { joined, away: answers.filter(({ answer }) => !answer).map(({ service }) => service) };
}
