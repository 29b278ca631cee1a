import { setTimeout as pause } from 'node:timers/promises';
import type { SupervisorChannel } from './supervisor-channel.ts';

export interface Leaving {
  /** Says that it leaves, and answers still. */
  startDraining(): void;
  /** Closes its door and finishes what runs. */
  stop(): Promise<void>;
}

/** How long a supervisor may take until nothing is on its way to us any more. */
const RELEASED_WITHIN_MS = 5_000;

/** Balancers look elsewhere before the door is closed: no request meets a closed one. */
export async function takeLeave(leaving: Leaving, channel: SupervisorChannel): Promise<void> {
  leaving.startDraining();
  await channel.report({ type: 'draining' });
  await Promise.race([channel.released, pause(RELEASED_WITHIN_MS)]);
  await leaving.stop();
}
