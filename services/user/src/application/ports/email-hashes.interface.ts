/** Stands for an e-mail address where it must not be stored: the same for the same one, and nobody tells for which. */
export interface EmailHashes {
  of(email: string): Promise<string>;
}
