import type { Address, OrderState } from '../../domain/entities/order.entity.ts';
import type { OrderResponseDTO } from '../dtos/order.dto.ts';
import type { ViewedOrder } from '../ports/order-views.interface.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';

export class OrderMapper {
  /** Without an address, where nobody can read it any more. */
  toResponseDTO(
    { version: _, currency: __, saga: ___, shippingAddress: ____, ...visible }: ViewedOrder & Partial<OrderState>,
    address: Address | undefined,
  ): OrderResponseDTO {
    return { ...visible, ...(address && { shippingAddress: address }) };
  }
}

/** The addresses of these orders, in their order. */
export async function addressesOf(
  orders: readonly Pick<OrderState, 'shippingAddress'>[],
  personalData: PersonalData,
): Promise<(Address | undefined)[]> {
  const sealed = orders.flatMap(({ shippingAddress }) => shippingAddress ?? []);
  const opened = await personalData.open(sealed);
  return orders.map(({ shippingAddress }) => shippingAddress && opened[sealed.indexOf(shippingAddress)]);
}
