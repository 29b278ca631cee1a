import { type InvalidPart, InvalidRequestError } from '@ashlar/http';
import { wrongEmail } from '../../domain/entities/email-address.ts';
import { wrongPassword } from '../../domain/entities/password.ts';
import { wrongName } from '../../domain/entities/user.entity.ts';

const RULES = { email: wrongEmail, name: wrongName, password: wrongPassword, newPassword: wrongPassword } as const;

type Fields = { readonly [Field in keyof typeof RULES]?: string | undefined };

/** All that is wrong with the fields of a body at once, by the domain's own rules; nothing if all is well. */
export function invalidFields(body: Fields): InvalidRequestError | undefined {
  const errors = Object.entries(RULES).flatMap(([field, rule]): InvalidPart[] => {
    const text = body[field as keyof typeof RULES];
    const message = text === undefined ? undefined : rule(text);
    return message ? [{ path: `/${field}`, message }] : [];
  });
  return errors.length > 0 ? new InvalidRequestError(errors) : undefined;
}

/** Throws what `invalidFields` finds. */
export function checkFields(body: Fields): void {
  const invalid = invalidFields(body);
  if (invalid) throw invalid;
}
