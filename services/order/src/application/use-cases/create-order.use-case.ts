import type { Clock, Ids, Transactions } from '@ashlar/domain';
import { type Address, Order, type OrderItem, type SagaStyle } from '../../domain/entities/order.entity.ts';
import { OrderError } from '../../domain/errors/order.errors.ts';
import type { OrderRepository } from '../../domain/repositories/order.repository.interface.ts';
import type { OrderResponseDTO } from '../dtos/order.dto.ts';
import type { OrderMapper } from '../mappers/order.mapper.ts';
import type { CheckoutProcess } from '../ports/checkout-process.interface.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';
import type { Product, ProductCatalog } from '../ports/product-catalog.interface.ts';

export interface CreateOrder {
  readonly userId: string;
  readonly currency: string;
  readonly items: readonly { productId: string; quantity: number }[];
  readonly shippingAddress: Address;
}

export interface CreateOrderPorts {
  readonly orders: OrderRepository;
  readonly products: ProductCatalog;
  readonly checkout: CheckoutProcess;
  readonly personalData: PersonalData;
  readonly mapper: OrderMapper;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly saga: SagaStyle;
}

/** Takes an order at the prices of our own replica of the catalogue, and begins to carry it out. */
export class CreateOrderUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly ports: CreateOrderPorts,
  ) {}

  async execute({ items, shippingAddress, ...command }: CreateOrder): Promise<OrderResponseDTO> {
    const { orders, products, checkout, personalData, mapper, clock, ids, saga } = this.ports;
    const quantities = merged(items);
    const id = ids.next();
    return this.transactions.transaction(async () => {
      const [catalogue, sealed] = await Promise.all([
        products.find([...quantities.keys()]),
        personalData.seal(command.userId, shippingAddress),
      ]);
      const priced = price(quantities, catalogue);
      if (!sealed) throw OrderError.userHasLeft();
      const draft = { ...command, id, items: priced, saga, shippingAddress: sealed.kept };
      const order = Order.place(draft, clock.now(), sealed.carriage);
      await orders.save(order);
      await checkout.begin(order.state, sealed.carriage);
      return mapper.toResponseDTO(order.state, shippingAddress);
    });
  }
}

const price = (quantities: ReadonlyMap<string, number>, catalogue: ReadonlyMap<string, Product>): OrderItem[] =>
  [...quantities].map(([productId, quantity]) => {
    const product = catalogue.get(productId);
    if (!product) throw OrderError.unknownProduct(productId);
    if (product.archived) throw OrderError.productArchived(productId);
    return { productId, quantity, name: product.name, unitPrice: product.price };
  });

/** Lines of one product are one line. */
function merged(items: CreateOrder['items']): Map<string, number> {
  const quantities = new Map<string, number>();
  for (const { productId, quantity } of items) quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
  return quantities;
}
