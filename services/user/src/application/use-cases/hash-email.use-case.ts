import { emailAddress } from '../../domain/entities/email-address.ts';
import type { EmailHashes } from '../ports/email-hashes.interface.ts';

/** Tells who asks, before there is a user: what is kept of a sign-up does not tell the e-mail address. */
export class HashEmailUseCase {
  constructor(private readonly hashes: EmailHashes) {}

  async execute(email: string): Promise<string> {
    return this.hashes.of(emailAddress(email));
  }
}
