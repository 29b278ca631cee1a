import type { Shipment } from '../../domain/entities/shipment.entity.ts';
import type { ShipmentResponseDTO } from '../dtos/shipment.dto.ts';

export class ShipmentMapper {
  toResponseDTO({ state }: Shipment): ShipmentResponseDTO {
    const { shipmentId, orderId, status, carrier, trackingNumber, address, timeline } = state;
    return {
      id: shipmentId,
      orderId,
      status,
      ...(carrier && { carrier }),
      ...(trackingNumber && { trackingNumber }),
      ...(address && { address }),
      timeline,
    };
  }
}
