import { type InvalidPart, InvalidRequestError } from '@ashlar/http';
import { wrongEmail } from '../../domain/entities/email-address.ts';
import { wrongPassword } from '../../domain/entities/password.ts';
import { wrongName } from '../../domain/entities/user.entity.ts';

const RULES = { email: wrongEmail, name: wrongName, password: wrongPassword, newPassword: wrongPassword } as const;

/** Tells all that is wrong with the fields of a body at once, by the domain's own rules. */
export function checkFields(body: { readonly [Field in keyof typeof RULES]?: string | undefined }): void {
  const errors = Object.entries(RULES).flatMap(([field, rule]): InvalidPart[] => {
    const text = body[field as keyof typeof RULES];
    const message = text === undefined ? undefined : rule(text);
    return message ? [{ path: `/${field}`, message }] : [];
  });
  if (errors.length > 0) throw new InvalidRequestError(errors);
}
