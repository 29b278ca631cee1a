import type { Address, Shipment } from '../../domain/entities/shipment.entity.ts';
import type { ShipmentResponseDTO } from '../dtos/shipment.dto.ts';

export class ShipmentMapper {
  /** Without an address, where nobody can read it any more. */
  toResponseDTO({ state }: Shipment, address: Address | undefined): ShipmentResponseDTO {
    const { shipmentId, orderId, userId, status, carrier, trackingNumber, timeline } = state;
    return {
      id: shipmentId,
      orderId,
      ...(userId && { userId }),
      status,
      ...(carrier && { carrier }),
      ...(trackingNumber && { trackingNumber }),
      ...(address && { address }),
      timeline,
    };
  }
}
