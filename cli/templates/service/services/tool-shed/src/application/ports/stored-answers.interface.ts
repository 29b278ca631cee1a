/** The answers that are kept for requests that come again; they hold what their callers have written. */
export interface StoredAnswers {
  forget(caller: string): Promise<void>;
}
