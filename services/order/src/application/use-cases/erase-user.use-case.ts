import type { PersonalData } from '../ports/personal-data.interface.ts';

/** A user has gone: the orders stay, and nobody can tell any more where they went. */
export class EraseUserUseCase {
  constructor(private readonly personalData: PersonalData) {}

  async execute({ userId }: { userId: string }): Promise<void> {
    await this.personalData.erase(userId);
  }
}
