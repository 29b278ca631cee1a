import type { Address, PublicStatus } from '../../domain/entities/shipment.entity.ts';

/** A shipment as clients see it. */
export interface ShipmentResponseDTO {
  readonly id: string;
  readonly orderId: string;
  /** Whose it is: clients are not told. */
  readonly userId?: string;
  readonly status: PublicStatus;
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly address?: Address;
  readonly timeline: readonly { readonly at: string; readonly type: string }[];
}
