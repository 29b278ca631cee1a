import { KEY } from './async-api.ts';
import { breaking, fine, notUnderstood } from './breach.ts';
import type { Change } from './change.ts';
import type { Documents } from './compare-open-api.ts';
import { compareSchemas } from './compare-schemas.ts';
import { isSame, type Json, type JsonObject, listOf, objectOf, resolved } from './json.ts';

/**
 * Every difference of two AsyncAPI 3 documents of one service, each with whom it breaks. Only the channels that the
 * service owns are compared: what it hears of others is compared where it is owned.
 */
export function compareAsyncApi(was: JsonObject, is: JsonObject): Change[] {
  const documents = { was, is };
  const [before, after] = [ownChannels(was), ownChannels(is)];
  return [
    ...notUnderstood({ was, is, at: 'the document' }, DOCUMENT),
    ...[...before].flatMap(([at, channel]) => {
      const other = after.get(at);
      if (!other) return [breaking({ kind: 'channel removed', at, was: at, is: undefined, ...SILENT })];
      return compareChannels({ was: channel, is: other, documents, at });
    }),
    ...[...after.keys()]
      .filter((at) => !before.has(at))
      .map((at) => fine({ kind: 'channel added', at, was: undefined, is: at })),
  ];
}

const DOCUMENT = ['asyncapi', 'info', 'channels', 'operations', 'components'];
const SILENT = { why: 'Nothing is said or heard on it any more.', remedy: 'Keep it until nobody uses it.' };

/** By their address; a channel is owned by the service whose name is in front of the dot. */
function ownChannels(document: JsonObject): Map<string, JsonObject> {
  const owner = String(objectOf(document['info'])['title']);
  const channels = Object.values(objectOf(document['channels'])).map((channel) =>
    objectOf(resolved(document, channel)),
  );
  return new Map(
    channels
      .map((channel) => [String(channel['address']), channel] as const)
      .filter(([address]) => address.startsWith(`${owner}.`)),
  );
}

interface ChannelPair {
  readonly was: JsonObject;
  readonly is: JsonObject;
  readonly documents: Documents;
  readonly at: string;
}

function compareChannels({ was, is, documents, at }: ChannelPair): Change[] {
  const [before, after] = [objectOf(was['messages']), objectOf(is['messages'])];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const direction = usesOf(documents.was, at).some(({ action }) => action === 'send') ? 'event' : 'command';
  const messages = names.flatMap((name) => {
    const described = { at: name, was: before[name] && name, is: after[name] && name };
    if (!after[name]) return [breaking({ kind: 'message removed', ...described, ...UNSAID })];
    if (!before[name]) return [fine({ kind: 'message added', ...described })];
    const [one, other] = [resolved(documents.was, before[name]), resolved(documents.is, after[name])];
    return compareMessages({ was: objectOf(one), is: objectOf(other), documents, at: name }, direction);
  });
  const uses = unused(documents, at).filter(({ at: name }) => after[name] !== undefined);
  return [...messages, ...uses, ...notUnderstood({ was, is, at }, ['address', 'messages'])];
}

const UNSAID = {
  why: 'Whoever sends or reads it as recorded is no longer understood, or hears nothing more.',
  remedy: 'Keep this version beside the new one until nobody sends or reads it.',
};

interface Use {
  readonly action: Json | undefined;
  readonly message: string;
}

/** What the service does with the messages of a channel. */
const usesOf = (document: JsonObject, channel: string): readonly Use[] =>
  Object.values(objectOf(document['operations'])).flatMap((given) => {
    const operation = objectOf(given);
    if (objectOf(resolved(document, operation['channel']))['address'] !== channel) return [];
    return listOf(operation['messages']).map((message) => ({
      action: operation['action'],
      message: String(objectOf(resolved(document, message))['name']),
    }));
  });

/** Messages that are still described, and that the service no longer publishes or acts upon. */
function unused(documents: Documents, channel: string): Change[] {
  const now = usesOf(documents.is, channel);
  const gone = usesOf(documents.was, channel).filter(
    ({ action, message }) => !now.some((use) => use.action === action && use.message === message),
  );
  const names = new Map(gone.map(({ action, message }) => [message, action]));
  return [...names].map(([at, was]) => breaking({ kind: 'message no longer used', at, was, is: undefined, ...UNSAID }));
}

function compareMessages(pair: ChannelPair, direction: 'event' | 'command'): Change[] {
  const { was, is, documents, at } = pair;
  const payloads = { was: was['payload'], is: is['payload'], documents, direction, at } as const;
  return [
    ...fixed(pair, KEY, { why: 'The order of its messages was that of the other key.', remedy: NEXT }),
    ...fixed(pair, 'contentType', { why: 'Readers decode it as it was recorded.', remedy: NEXT }),
    ...compareSchemas(payloads),
    ...notUnderstood({ was, is, at }, ['name', 'payload', 'contentType', 'correlationId']),
  ];
}

const NEXT = 'Keep this version, and publish the next one (…v2) beside it.';

function fixed(
  { was, is, at }: ChannelPair,
  name: string,
  words: { readonly why: string; readonly remedy: string },
): Change[] {
  if (isSame(was[name], is[name])) return [];
  return [breaking({ kind: `${name} changed`, at, was: was[name], is: is[name], ...words })];
}
