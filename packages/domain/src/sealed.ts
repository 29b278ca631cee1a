/**
 * A personal datum that only the key of its owner opens. Everything but the content is readable: whose it is, and what
 * it is; it opens as nothing else.
 */
export interface Sealed {
  readonly of: string;
  readonly as: string;
  readonly sealed: string;
}
