import { lineId } from '@ashlar/messaging';
import type { StoredMessages } from './memory/memory-messages.ts';

interface Service {
  readonly name: string;
  readonly stored: { readonly messages: StoredMessages };
}

/**
 * What a consumer has missed, or made up: once all is quiet, its mark on every line of its channels is the number of
 * the last message that was said there.
 */
export function misheard(services: readonly Service[]): string[] {
  return services.flatMap(({ stored: { messages } }) =>
    [...messages.registrations].flatMap((registration) => {
      const [consumer = '', channel = ''] = registration.split('\n');
      return services.flatMap((source) =>
        [...source.stored.messages.counters].flatMap(([said, last]) => {
          const [where, ...key] = said.split('\n');
          if (where !== channel) return [];
          const line = lineId({ source: `/services/${source.name}`, channel, key: key.join('\n') });
          const heard = messages.marks.get(`${consumer}\n${line}`)?.sequence ?? 0;
          return heard === last ? [] : [`${consumer} has heard ${heard} of ${last} on ${line.replaceAll('\n', ' ')}`];
        }),
      );
    }),
  );
}
