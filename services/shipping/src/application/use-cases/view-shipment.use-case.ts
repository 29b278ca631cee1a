import { ShipmentError } from '../../domain/errors/shipment.errors.ts';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';
import type { ShipmentResponseDTO } from '../dtos/shipment.dto.ts';
import type { ShipmentMapper } from '../mappers/shipment.mapper.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';

export class ViewShipmentUseCase {
  constructor(
    private readonly shipments: ShipmentRepository,
    private readonly personalData: PersonalData,
    private readonly mapper: ShipmentMapper,
  ) {}

  async execute(
    shipmentId: string,
    viewer: { id: string; role: string },
  ): Promise<ShipmentResponseDTO & { version: string }> {
    const shipment = await this.shipments.find(shipmentId);
    if (!shipment?.publicStatus) throw ShipmentError.notFound(shipmentId);
    if (shipment.state.userId !== viewer.id && viewer.role !== 'admin') throw ShipmentError.notYours();
    const { address: sealed, version } = shipment.state;
    const address = sealed && (await this.personalData.open(sealed));
    return { ...this.mapper.toResponseDTO(shipment, address), version: address ? `${version}` : `${version}-erased` };
  }
}
