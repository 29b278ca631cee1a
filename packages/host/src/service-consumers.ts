import type { Ids, Timers } from '@ashlar/domain';
import {
  type Bus,
  Consumer,
  type Duty,
  type Line,
  lineId,
  lineOf,
  type Message,
  type MessageStorage,
  type Parcel,
  type Replica,
} from '@ashlar/messaging';
import { Counter, type Telemetry } from '@ashlar/telemetry';
import type { Service } from './service.ts';
import { timedMessages } from './timed-work.ts';

interface ConsumersOptions {
  readonly service: Pick<Service, 'consumers'>;
  readonly storage: MessageStorage;
  readonly bus: Bus;
  readonly telemetry: Telemetry;
  readonly ids: Ids;
  readonly timers: Timers;
  readonly replica: Replica;
  readonly upkeep: Duty;
}

/** The consumers of a service, whose work is counted and whose failures are told. */
export function consumersOf(options: ConsumersOptions): Consumer[] {
  const { service, storage, bus, telemetry, ids, timers, replica, upkeep } = options;
  const { log, metrics, tracing } = telemetry;
  const handled = new Counter({
    name: 'messages_handled_total',
    help: 'Messages handled.',
    labelNames: ['consumer'],
    registers: [metrics],
  });
  const parked = new Counter({
    name: 'messages_parked_total',
    help: 'Failed tries of messages.',
    labelNames: ['consumer'],
    registers: [metrics],
  });
  const numberedAgain = new Counter({
    name: 'messages_numbered_again_total',
    help: 'Messages dropped as handled that were said long after: their source was restored from a backup.',
    labelNames: ['consumer'],
    registers: [metrics],
  });
  const tellOnce = oncePerLine(({ consumer, line, message }) =>
    log.error(
      { consumer, ...line, sequence: message.sequence, messageId: message.id, type: message.type },
      'A source numbers anew what was handled long before, as one that was restored from a backup: it is dropped.',
    ),
  );
  const observer = {
    begins: timedMessages(telemetry),
    handled: (consumer: string) => handled.inc({ consumer }),
    parked: (consumer: string, message: { id: string; type: string }, error: unknown) => {
      parked.inc({ consumer });
      log.warn(
        { consumer, messageId: message.id, type: message.type, err: error },
        'A message could not be handled; it is parked.',
      );
    },
    numberedAgain: (consumer: string, parcel: Parcel) => {
      numberedAgain.inc({ consumer });
      tellOnce(consumer, parcel);
    },
    failed: (consumer: string, error: unknown) =>
      log.error({ consumer, err: error }, 'A consumer cannot work; it tries again.'),
  };
  const nextId = () => ids.next();
  const parts = { storage, bus, tracing, nextId, observer, timers, sharing: replica, upkeep };
  return service.consumers.map((definition) => new Consumer({ definition, ...parts }));
}

interface OfLine {
  readonly consumer: string;
  readonly line: Line;
  readonly message: Message;
}

const MOST_LINES = 1_000;

/** A log that says the same of every message of a line hides all others; what is told is forgotten past a bound. */
function oncePerLine(tell: (of: OfLine) => void) {
  const told = new Set<string>();
  return (consumer: string, parcel: Parcel): void => {
    const line = lineOf(parcel);
    const which = `${consumer}\n${lineId(line)}`;
    if (told.has(which)) return;
    if (told.size >= MOST_LINES) told.clear();
    told.add(which);
    tell({ consumer, line, message: parcel.message });
  };
}
