import { AsyncLocalStorage } from 'node:async_hooks';
import { nextSpan, type TraceContext } from './trace-context.ts';

/** What one unit of work carries with it, through every call: its trace and what it is a consequence of. */
export interface RequestContext {
  readonly trace: TraceContext;
  /** The business transaction that this belongs to; the same on every message of it. */
  readonly correlationId: string;
  /** The message that this work is the consequence of. */
  readonly causationId?: string;
  /** Told of the messages that this work has committed, for the consistency token. */
  readonly onWritten?: (written: readonly Written[]) => void;
}

/** A committed message: its channel, its key and the number of the message within the key. */
export interface Written {
  readonly channel: string;
  readonly key: string;
  readonly sequence: number;
}

const storage = new AsyncLocalStorage<RequestContext>();

export const currentContext = (): RequestContext | undefined => storage.getStore();

export const runInContext = <T>(context: RequestContext, work: () => T): T => storage.run(context, work);

/** For what outlives the work that begins it, such as a kept connection. */
export const outsideContext = <T>(work: () => T): T => storage.exit(work);

/** The ambient context, or a new one for work that nobody asked for (a timer, a job without a parent). */
export function contextOrNew(): RequestContext {
  const current = storage.getStore();
  if (current) return current;
  const trace = nextSpan();
  return { trace, correlationId: trace.traceId };
}
