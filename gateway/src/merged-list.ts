import { isUuid } from '@ashlar/domain';
import { type Answer, type Exchange, notFound, Refusal, unavailable } from '@ashlar/gateway';
import { refusalIn, type ServiceAnswer, type Services } from './services.ts';

interface Item {
  readonly id: string;
}

interface Page {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

const PAGE = 20;

/**
 * One list of what all services have, newest first: each is asked for the same page, and the newest of their answers
 * make the page. A service that is away is named; the others are told all the same.
 */
export async function mergedList(services: Services, exchange: Exchange): Promise<Answer> {
  checkCursor(exchange.query.get('cursor'));
  const { path, query } = exchange.target!;
  const answers = await askAll(services, { exchange, path: path + query });
  const refused = answers.find(({ answer }) => answer && answer.status >= 400 && answer.status !== 404);
  if (refused?.answer) throw refusalIn(refused.answer);
  const pages = answers.flatMap(({ answer }) => (answer?.status === 200 ? [answer.body as Page] : []));
  const away = answers.filter(({ answer }) => !answer).map(({ service }) => service);
  const page = merge(pages, Number(exchange.query.get('limit') ?? PAGE));
  return { status: 200, body: { ...page, ...(away.length > 0 && { unavailable: away }) } };
}

function merge(pages: readonly Page[], limit: number): Page {
  const all = pages.flatMap(({ items }) => items).sort((one, other) => (one.id < other.id ? 1 : -1));
  const items = all.slice(0, limit);
  const last = items.at(-1);
  const hasMore = all.length > limit || pages.some(({ nextCursor }) => nextCursor !== null);
  return { items, nextCursor: hasMore && last ? cursorAfter(last.id) : null };
}

/** The form of cursors that services read, too. */
const cursorAfter = (id: string): string => Buffer.from(JSON.stringify(id)).toString('base64url');

function checkCursor(cursor: string | null): void {
  if (cursor === null) return;
  const id = Buffer.from(cursor, 'base64url').toString('utf8').slice(1, -1);
  if (isUuid(id) && cursorAfter(id) === cursor) return;
  throw new Refusal(400, 'bad_cursor', { detail: 'The cursor is not one of this list; start again without it.' });
}

/** What the one service that knows this id answers. */
export async function fromItsOwner(services: Services, exchange: Exchange): Promise<Answer> {
  return told(await ownerOf(services, exchange).then(({ answer }) => answer));
}

/** Finds the service that knows this id, and has it done there. */
export async function doneByItsOwner(services: Services, exchange: Exchange): Promise<Answer> {
  const { service } = await ownerOf(services, exchange);
  const method = exchange.method === 'DELETE' ? 'DELETE' : 'POST';
  const answer = await services.ask(service, { method, path: exchange.target!.path, exchange });
  if (!answer) throw unavailable(`The ${service} service is away.`);
  return told(answer);
}

async function ownerOf(services: Services, exchange: Exchange): Promise<{ service: string; answer: ServiceAnswer }> {
  const { id = '' } = exchange.parameters;
  if (!isUuid(id)) throw notFound();
  // `/ops/sagas/:id/retry` is about what `/ops/sagas/:id` tells.
  const path = exchange.target!.path.split('/').slice(0, 4).join('/');
  const answers = await askAll(services, { exchange, path });
  const known = answers.find(({ answer }) => answer && answer.status !== 404);
  if (known?.answer) return { service: known.service, answer: known.answer };
  const away = answers.filter(({ answer }) => !answer).map(({ service }) => service);
  if (away.length > 0) throw unavailable(`No other service knows it, and some are away: ${away.join(', ')}.`);
  throw notFound();
}

const askAll = (services: Services, { exchange, path }: { readonly exchange: Exchange; readonly path: string }) =>
  Promise.all(
    services.names.map(async (service) => ({
      service,
      answer: await services.ask(service, { method: 'GET', path, exchange }),
    })),
  );

function told(answer: ServiceAnswer): Answer {
  if (answer.status >= 400) throw refusalIn(answer);
  return { status: answer.status, body: answer.body };
}
