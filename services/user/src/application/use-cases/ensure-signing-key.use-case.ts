import type { Clock, Transactions } from '@ashlar/domain';
import { firstKey } from '../../domain/entities/signing-key.entity.ts';
import type { SigningKeyRepository } from '../../domain/repositories/signing-key.repository.interface.ts';
import type { KeyMaker } from '../ports/key-maker.interface.ts';

/** Makes the first key, once, however many replicas start at the same moment. */
export class EnsureSigningKeyUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly keys: SigningKeyRepository,
    private readonly keyMaker: KeyMaker,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    await this.transactions.transaction(async () => {
      const known = await this.keys.listToChange();
      if (known.length === 0) await this.keys.replace([firstKey(await this.keyMaker.make(), this.clock.now())]);
    });
  }
}
