import type { Message } from '@ashlar/messaging';

/**
 * Into how many parts each channel is divided. A replica reads whole partitions, so this is also how many replicas of a
 * service can share the work on a channel. Fixed: with another number the lines of a key would change places.
 */
export const PARTITIONS = 8;

const NAMESPACE = /^[A-Za-z0-9-]+$/;

/** What everything of one system is called at the server: two systems share one without meeting. */
export class Names {
  constructor(readonly namespace: string) {
    if (!NAMESPACE.test(namespace))
      throw new Error(`The namespace ${namespace} has to be of letters, digits and hyphens.`);
  }

  stream(channel: string): string {
    return `${this.namespace}_${channel.replaceAll('.', '_')}`;
  }

  /** All subjects of a channel. */
  subjects(channel: string): string {
    return `${this.namespace}.${channel}.>`;
  }

  partition(channel: string, partition: number): string {
    return `${this.namespace}.${channel}.${partition}.>`;
  }

  subject(channel: string, message: Message): string {
    return `${this.namespace}.${channel}.${partitionOf(message.source, message.subject)}.${message.type}`;
  }

  durable(consumer: string, partition: number): string {
    return `${this.namespace}_${consumer.replaceAll('.', '_')}_${partition}`;
  }

  /** Where a source is asked for a gap. */
  repair(source: string): string {
    return `${this.namespace}._repair.${token(source)}`;
  }

  /** Where all sources are asked for a channel. */
  get replay(): string {
    return `${this.namespace}._replay`;
  }

  /** Where all are told that a stream has lost something. */
  get losses(): string {
    return `${this.namespace}._losses`;
  }
}

/** A source in a subject: nothing in it may mean anything to the server. */
export const token = (source: string): string =>
  encodeURIComponent(source).replaceAll('.', '%2E').replaceAll('*', '%2A');

/** The partition of a line: FNV-1a of source and key. */
export function partitionOf(source: string, key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${source}\n${key}`)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % PARTITIONS;
}
