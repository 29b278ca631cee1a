import type { Contract } from '@ashlar/messaging';
import { Envelope } from './envelope.ts';
import type { Json, JsonObject } from './json.ts';
import type { ServiceMessages } from './service-messages.ts';

/** Where the key of a message is, as a runtime expression of AsyncAPI. */
export const KEY = 'x-key';

/** The messages of one service in AsyncAPI 3.0: the channels that it owns, those that it hears, and what it sends. */
export function asyncApi(messages: ServiceMessages): JsonObject {
  const { service, version, owns, sends, reactions } = messages;
  const contracts = [...owns, ...sends, ...reactions.map(({ contract }) => contract)];
  const byType = new Map(contracts.map((contract) => [contract.type, contract]));
  const document = {
    asyncapi: '3.0.0',
    info: { title: service, version, description: `What the ${service} service says and hears.` },
    defaultContentType: 'application/cloudevents+json',
    channels: Object.fromEntries(
      [...Map.groupBy(byType.values(), ({ channel }) => channel)].map(([channel, of]) => [
        channel,
        channelOf(channel, of),
      ]),
    ),
    operations: Object.fromEntries(operationsOf(messages)),
    components: {
      schemas: { Envelope },
      messages: Object.fromEntries([...byType].map(([type, contract]) => [type, messageOf(contract)])),
    },
  };
  // The schemas carry marks of the library that made them; JSON leaves them out.
  return JSON.parse(JSON.stringify(document)) as JsonObject;
}

const DESCRIPTIONS: Readonly<Record<string, (owner: string) => string>> = {
  events: (owner) => `Facts that the ${owner} service publishes`,
  changes: (owner) => `How things stand in the ${owner} service after each change, for read models`,
  commands: (owner) => `What the ${owner} service is asked`,
};

const channelOf = (address: string, contracts: readonly Contract[]) => {
  const [owner, kind] = address.split('.');
  return {
    address,
    description: `${DESCRIPTIONS[kind!]!(owner!)}.`,
    messages: Object.fromEntries(contracts.map(({ type }) => [type, { $ref: `#/components/messages/${type}` }])),
  };
};

function operationsOf({ owns, sends, reactions }: ServiceMessages): (readonly [string, object])[] {
  const events = owns.filter(({ kind }) => kind === 'event');
  const sent = Map.groupBy([...events, ...sends], ({ channel }) => channel);
  const heard = Map.groupBy(reactions, ({ consumer, contract }) => `${consumer}.hears.${contract.channel}`);
  return [
    ...[...sent].map(([channel, contracts]) => [`sends.${channel}`, operation('send', contracts)] as const),
    ...[...heard].map(([name, found]) => {
      return [
        name,
        operation(
          'receive',
          found.map(({ contract }) => contract),
        ),
      ] as const;
    }),
  ];
}

function operation(action: 'send' | 'receive', contracts: readonly Contract[]) {
  const channel = `#/channels/${contracts[0]!.channel}`;
  const messages = contracts.map(({ type }) => ({ $ref: `${channel}/messages/${type}` }));
  return { action, channel: { $ref: channel }, messages };
}

function messageOf({ type, schema, key }: Contract) {
  const own = {
    type: { const: type },
    dataschema: { const: `urn:ashlar:schema:${type}` },
    data: schema as unknown as Json,
  };
  return {
    name: type,
    correlationId: { location: '$message.payload#/correlationid' },
    payload: {
      type: 'object',
      required: ['data'],
      properties: own,
      allOf: [{ $ref: '#/components/schemas/Envelope' }],
    },
    ...(key !== undefined && { [KEY]: `$message.payload#/data/${key}` }),
  };
}
