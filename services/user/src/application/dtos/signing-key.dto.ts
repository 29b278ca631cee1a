/** A JSON Web Key Set (RFC 7517). */
export interface KeySetResponseDTO {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

export interface RotationResponseDTO {
  readonly kid: string;
  readonly signsFrom: string;
}
