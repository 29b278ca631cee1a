import type { Clock, Transactions } from '@ashlar/domain';
import type { KeyRingRepository } from '../../domain/repositories/key-ring.repository.interface.ts';
import type { ChangeKeyRing } from './change-key-ring.use-case.ts';
import { findForViewer } from './find-for-viewer.ts';

export class ArchiveKeyRingUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly keyRings: KeyRingRepository,
    private readonly clock: Clock,
  ) {}

  async execute({ id, viewer, mayChange }: Omit<ChangeKeyRing, 'changes'>): Promise<void> {
    await this.transactions.transaction(async () => {
      const keyRing = await findForViewer(this.keyRings, id, viewer);
      mayChange(keyRing.state.version);
      keyRing.archive(this.clock.now());
      await this.keyRings.save(keyRing);
    });
  }
}
