import type { NotedReceipt, Receipt, Receipts } from '@ashlar/messaging';
import type { MemoryWork } from './memory-work.ts';

export interface KeptReceipt extends Receipt {
  readonly number: number;
  readonly notedAt: number;
}

export class MemoryReceipts implements Receipts {
  constructor(
    private readonly work: MemoryWork,
    private readonly stored: KeptReceipt[],
  ) {}

  async note(receipts: readonly Receipt[]): Promise<void> {
    await this.work.change('notes receipts', () => {
      for (const { channel, place, id } of receipts) {
        const number = (this.stored.at(-1)?.number ?? 0) + 1;
        this.stored.push({ channel, place, id, number, notedAt: this.work.instance.world.now });
      }
    });
  }

  async all(): Promise<NotedReceipt[]> {
    const now = this.work.instance.world.now;
    return this.work.read('reads its receipts', () =>
      this.stored.map(({ notedAt, ...receipt }) => ({ ...receipt, agoMs: now - notedAt })).reverse(),
    );
  }

  async forget(numbers: readonly number[]): Promise<void> {
    await this.#drop(({ number }) => numbers.includes(number));
  }

  async purge(ageMs: number): Promise<void> {
    await this.#drop(({ notedAt }) => notedAt < this.work.instance.world.now - ageMs);
  }

  async #drop(isOver: (receipt: KeptReceipt) => boolean): Promise<void> {
    await this.work.change('drops receipts', () => {
      const kept = this.stored.filter((receipt) => !isOver(receipt));
      this.stored.splice(0, this.stored.length, ...kept);
    });
  }
}
