import { DomainError } from '@ashlar/domain';

export const UserError = {
  invalid: (wrong: string) => new DomainError('invalid_request', 'malformed', `The profile ${wrong}.`),
  emailTaken: () => new DomainError('email_taken', 'conflict', 'There is a user with this e-mail address already.'),
  notFound: (id: string) => new DomainError('user_not_found', 'not_found', `There is no user ${id}.`),
  notYou: () => new DomainError('forbidden', 'forbidden', 'This profile belongs to someone else.'),
  notAdmin: () => new DomainError('forbidden', 'forbidden', 'This is for administrators.'),
  gone: () => new DomainError('unauthenticated', 'unauthenticated', 'The user of this token does not exist any more.'),
  lastAdmin: () => new DomainError('last_admin', 'conflict', 'Without this administrator there would be none.'),
  invalidCredentials: () =>
    new DomainError('invalid_credentials', 'unauthenticated', 'The e-mail address or the password is wrong.'),
  wrongPassword: () => new DomainError('invalid_credentials', 'unauthenticated', 'The current password is wrong.'),
  invalidRefreshToken: () =>
    new DomainError('invalid_refresh_token', 'unauthenticated', 'The refresh token is not valid, or not any more.'),
  tokenReused: () =>
    new DomainError('token_reused', 'unauthenticated', 'The refresh token was used before; its session has ended.'),
};
