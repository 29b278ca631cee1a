/** The bytes are no HTTP/1.1 message, and what to say about it. Whoever sent them gets no second reading. */
export class WireFault extends Error {
  override readonly name = 'WireFault';

  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

export const malformed = (detail: string): WireFault => new WireFault(400, 'malformed_request', detail);
