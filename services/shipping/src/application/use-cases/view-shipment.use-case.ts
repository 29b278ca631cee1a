import type { ShipmentStatus } from '../../domain/entities/shipment.entity.ts';
import { ShipmentError } from '../../domain/errors/shipment.errors.ts';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';
import type { ShipmentResponseDTO } from '../dtos/shipment.dto.ts';
import type { ShipmentMapper } from '../mappers/shipment.mapper.ts';

const VISIBLE: readonly ShipmentStatus[] = ['scheduled', 'dispatched', 'delivered', 'cancelled'];

export class ViewShipmentUseCase {
  constructor(
    private readonly shipments: ShipmentRepository,
    private readonly mapper: ShipmentMapper,
  ) {}

  async execute(
    shipmentId: string,
    viewer: { id: string; role: string },
  ): Promise<ShipmentResponseDTO & { version: number }> {
    const shipment = await this.shipments.find(shipmentId);
    if (!shipment || !VISIBLE.includes(shipment.state.status)) throw ShipmentError.notFound(shipmentId);
    if (shipment.state.userId !== viewer.id && viewer.role !== 'admin') throw ShipmentError.notYours();
    return { ...this.mapper.toResponseDTO(shipment), version: shipment.state.version };
  }
}
