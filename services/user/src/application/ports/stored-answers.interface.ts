/** The answers that are kept for requests that come again; they hold personal data. */
export interface StoredAnswers {
  forget(caller: string): Promise<void>;
}
