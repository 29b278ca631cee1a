import type { HeaderList } from './header-list.ts';

/**
 * Where an answer goes: to the client, or first through what changes or keeps it on the way. The order of calls is
 * `interim`*, `begin`, `write`*, and one of `end` and `abort`.
 */
export interface AnswerSink {
  /** An answer before the answer, such as 103. */
  interim(status: number, headers: HeaderList): void;
  begin(status: number, headers: HeaderList): void;
  /** Answers false when it is enough for now: go on at `whenDrained`. The content counts until it returns. */
  write(content: Buffer): boolean;
  end(): void;
  /** It breaks off: nobody may take what came for a whole answer. */
  abort(): void;
  /** Lets out what waits for company. */
  flush(): void;
  whenDrained(resume: () => void): void;
}
