/** What signing in or refreshing gives. */
export interface SessionResponseDTO {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly tokenType: 'Bearer';
  readonly expiresIn: number;
}
