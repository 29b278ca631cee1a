const SHORTEST = 12;
const LONGEST = 128;

/** What is wrong with a new password, in words. Characters are code points: an emoji counts as one. */
export function wrongPassword(password: string): string | undefined {
  const length = password.length > 2 * LONGEST ? Number.POSITIVE_INFINITY : [...password].length;
  return length >= SHORTEST && length <= LONGEST ? undefined : `must have ${SHORTEST} to ${LONGEST} characters`;
}
