import type { Address, Shipment } from '../../domain/entities/shipment.entity.ts';
import { ShipmentError } from '../../domain/errors/shipment.errors.ts';
import type { ShipmentResponseDTO } from '../dtos/shipment.dto.ts';

export class ShipmentMapper {
  /** Without an address, where nobody can read it any more. */
  toResponseDTO({ state, publicStatus: status }: Shipment, address: Address | undefined): ShipmentResponseDTO {
    const { shipmentId, orderId, userId, carrier, trackingNumber, timeline } = state;
    if (!status) throw ShipmentError.notFound(shipmentId);
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
