import type { Attributes } from './attributes.ts';
import { isJson, type Json, kindOf, list, text } from './json-values.ts';
import { type Span, told } from './span.ts';
import type { SpanReader } from './span-reader.ts';

/** Lists of what one service says: of OTLP, and of Tempo. */
const RESOURCES = /^(resource_?spans|batches)$/i;

/** OTLP JSON: a request, a list of them, or one a line as the collector writes them; and what Tempo answers. */
export const otlp: SpanReader = (sink) => {
  let service = '';
  return {
    wants: (path) => path.at(-2) === 'spans' || (path.at(-1) === 'resource' && path.at(-2) === '[]'),
    opened: (path) => {
      if (path.at(-1) !== '[]' || !RESOURCES.test(path.at(-2) ?? '')) return;
      service = '';
      sink.begin();
    },
    found: (path, value) => {
      if (!isJson(value)) return;
      if (path.at(-1) === '[]') {
        if (field(value, 'spanId') !== undefined) sink.add(otlpSpan(value, service));
        return;
      }
      service = text(attributesOf(value['attributes']).get('service.name'));
      const name = service;
      sink.name((provisional) => (provisional === '' ? name : undefined));
    },
  };
};

/** By the name that JSON has for a field, or by that of the protocol: `traceId`, `trace_id`. */
const field = (json: Json, name: string): unknown =>
  json[name] ?? json[name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];

function otlpSpan(span: Json, service: string): Span {
  const [start = 0, end = 0] = ['startTimeUnixNano', 'endTimeUnixNano'].map(
    (name) => Number(field(span, name) ?? 0) / 1_000,
  );
  const status = isJson(span['status']) ? text(span['status']['code']) : '';
  const { isError, ...facts } = told(attributesOf(span['attributes']), {
    name: text(span['name']),
    kind: kindOf(span['kind']),
  });
  const [link] = list(span['links']);
  return {
    traceId: hex(field(span, 'traceId')),
    spanId: hex(field(span, 'spanId')),
    parentId: hex(field(span, 'parentSpanId')),
    service,
    startUs: start,
    durationUs: end - start,
    isError: isError ?? /^(2|STATUS_CODE_ERROR)$/.test(status),
    ...facts,
    link: link && { traceId: hex(field(link, 'traceId')), spanId: hex(field(link, 'spanId')) },
  };
}

/** Ids of 8 or 16 bytes. */
const BASE64 = /^([\w+/-]{11}=?|[\w+/-]{22}(==)?)$/;

/** Ids are hexadecimal in OTLP JSON; what was written by a plain protobuf mapping is base64. */
function hex(value: unknown): string {
  const id = text(value);
  return !/^[0-9a-f]*$/i.test(id) && BASE64.test(id) ? Buffer.from(id, 'base64').toString('hex') : id;
}

function attributesOf(given: unknown): Attributes {
  return new Map(
    list(given).map(({ key, value }) => {
      const held = isJson(value) ? Object.values(value)[0] : value;
      return [text(key), typeof held === 'boolean' ? held : text(held)];
    }),
  );
}
