import type { Clock, Transactions } from '@ashlar/domain';
import { rotated } from '../../domain/entities/signing-key.entity.ts';
import type { SigningKeyRepository } from '../../domain/repositories/signing-key.repository.interface.ts';
import type { RotationResponseDTO } from '../dtos/signing-key.dto.ts';
import type { KeyMaker } from '../ports/key-maker.interface.ts';

export interface RotationPorts {
  readonly keys: SigningKeyRepository;
  readonly keyMaker: KeyMaker;
  readonly clock: Clock;
  readonly accessTokenSeconds: number;
}

/** Brings in a new signing key without logging anyone out. */
export class RotateSigningKeyUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly ports: RotationPorts,
  ) {}

  async execute(): Promise<RotationResponseDTO> {
    const { keys, keyMaker, clock, accessTokenSeconds } = this.ports;
    const material = await keyMaker.make();
    return this.transactions.transaction(async () => {
      const known = await keys.listToChange();
      const all = rotated(known, material, { at: clock.now(), tokenMs: accessTokenSeconds * 1_000 });
      await keys.replace(all);
      return { kid: material.kid, signsFrom: all.at(-1)!.signsFrom.toISOString() };
    });
  }
}
