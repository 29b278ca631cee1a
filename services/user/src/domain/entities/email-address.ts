const LONGEST = 254;

/** One @ with something on both sides, and no white space, control or invisible character anywhere. */
const EMAIL = /^[^\s@\p{Cc}\p{Cf}]+@[^\s@\p{Cc}\p{Cf}]+$/u;

/** The form in which e-mail addresses are stored and compared. */
export const emailAddress = (text: string): string => text.trim().normalize('NFC').toLowerCase();

/** What is wrong with an e-mail address, in words. */
export function wrongEmail(text: string): string | undefined {
  const email = emailAddress(text);
  if (email.length > LONGEST) return `must have at most ${LONGEST} characters`;
  return EMAIL.test(email) ? undefined : 'must be an e-mail address';
}
