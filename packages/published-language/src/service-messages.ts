import type { Contract } from '@ashlar/messaging';

/** What one service says and hears, as its ports to the world state it. */
export interface ServiceMessages {
  readonly service: string;
  readonly version: string;
  /** The contracts that it owns: its events, and the commands that others may send it. */
  readonly owns: readonly Contract[];
  /** The commands that it sends to others. */
  readonly sends: readonly Contract[];
  readonly reactions: readonly Reaction[];
}

/** A consumer of the service, and a message that it acts upon. */
export interface Reaction {
  readonly consumer: string;
  readonly contract: Contract;
}
