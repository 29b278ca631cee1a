/** What is left of a value once it has been written down and read again, as `jsonb` leaves it. */
export const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value ?? null));
