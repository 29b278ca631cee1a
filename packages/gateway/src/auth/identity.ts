/** Who calls, as a token or a key tells it. */
export interface Identity {
  readonly id: string;
  readonly role: string;
  /** All of them, where there are several. */
  readonly roles?: readonly string[];
  readonly sessionId?: string;
  /** When its token was made, where the token tells. */
  readonly issuedAtMs?: number;
  /** How long its token is good, where it is a token. */
  readonly expiresAtMs?: number;
  readonly scopes?: readonly string[];
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Tells whose token it is. Throws `InvalidTokenError` for a bad one; anything else means that it cannot tell now. */
export interface IdentityVerifier {
  verify(token: string): Promise<Identity>;
  /** Whose token it is, where that is known without waiting; undefined otherwise, whatever the reason. */
  known?(token: string): Identity | undefined;
}

/** What a caller must be, beyond being known. All that is told must hold. */
export interface Requirement {
  /** One of these. */
  readonly roles?: readonly string[];
  /** All of these. */
  readonly scopes?: readonly string[];
  /** The path's parameter of this name is the claim of that name: `{ parameter: 'userId', claim: 'sub' }`. */
  readonly owner?: { readonly parameter: string; readonly claim: string };
}

export const hasRole = ({ role, roles = [] }: Identity, wanted: readonly string[]): boolean =>
  wanted.includes(role) || roles.some((one) => wanted.includes(one));

export function meets(
  { roles, scopes, owner }: Requirement,
  identity: Identity,
  parameters: Readonly<Record<string, string>>,
): boolean {
  if (roles && !hasRole(identity, roles)) return false;
  if (scopes && !scopes.every((scope) => identity.scopes?.includes(scope))) return false;
  if (!owner) return true;
  const claim = owner.claim === 'sub' ? identity.id : identity.claims?.[owner.claim];
  const told = parameters[owner.parameter];
  return told !== undefined && told === claim;
}
