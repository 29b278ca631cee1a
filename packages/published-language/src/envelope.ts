import type { Message } from '@ashlar/messaging';
import Type, { type Static } from 'typebox';

const Described = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    id: Type.String({ description: 'A UUIDv7; what was handled under it is not handled again.' }),
    source: Type.String({ description: 'The service that says it: /services/order.' }),
    type: Type.String({ description: 'With its major version: order.OrderCreated.v1.' }),
    subject: Type.String({ description: 'The key: messages of one (source, channel, key) are handled in order.' }),
    time: Type.String({ format: 'date-time' }),
    datacontenttype: Type.Literal('application/json'),
    dataschema: Type.String(),
    partitionkey: Type.String({ description: 'The key again, as the extension asks.' }),
    sequence: Type.String({ pattern: '^[0-9]{20}$', description: 'Dense per source, channel and key, from 1.' }),
    traceparent: Type.String({ description: 'W3C Trace Context.' }),
    tracestate: Type.Optional(Type.String()),
    correlationid: Type.String({ description: 'The same in all messages of one business transaction.' }),
    causationid: Type.Optional(Type.String({ description: 'The message that this one follows from.' })),
  },
  { description: 'CloudEvents 1.0 in structured JSON.' },
);

type Described = Static<typeof Described>;
type Sent = Omit<Message, 'data'>;

/**
 * What every message carries besides its data: CloudEvents 1.0 in structured JSON, with the documented extensions. The
 * compiler refuses it where it is not what messaging sends.
 */
export const Envelope: [Described, Sent] extends [Sent, Described] ? typeof Described : never = Described;
