import { simulatedInventoryService } from '@ashlar/inventory-service/simulation';
import { simulatedPaymentService } from '@ashlar/payment-service/simulation';
import { type Reaction, reactionsOf, type SagaDefinition, sampleData } from '@ashlar/saga';
import { simulatedShippingService } from '@ashlar/shipping-service/simulation';

/** Use cases that do their step together: the order is known, and it is its turn; whichever comes first. */
const TOGETHER: Readonly<Record<string, string>> = {
  'inventory.expectOrder.execute': 'reserve stock',
  'inventory.reserveExpectedStock.execute': 'reserve stock',
  'shipping.expectOrder.execute': 'arrange shipping',
  'shipping.expectOrder.trigger': 'arrange shipping',
};

/** Who acts upon what in the checkout without an orchestrator, read out of the services that run it. */
export function checkoutTable(orchestration: SagaDefinition<never>): Promise<Reaction[]> {
  const services = [
    simulatedPaymentService(new Map()),
    simulatedInventoryService({ openingStock: new Map() }),
    simulatedShippingService(new Map()),
  ];
  const participants = services.map(({ name, create }) => {
    const { app, consumers } = create(sampleData<never>());
    return [name, { application: app, consumers }] as const;
  });
  return reactionsOf({ orchestration, participants: Object.fromEntries(participants), together: TOGETHER });
}
