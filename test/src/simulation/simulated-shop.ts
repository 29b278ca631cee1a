import { type InventoryApplication, simulatedInventoryService } from '@ashlar/inventory-service/simulation';
import { type OrderApplication, simulatedOrderService } from '@ashlar/order-service/simulation';
import { type Charges, type PaymentApplication, simulatedPaymentService } from '@ashlar/payment-service/simulation';
import { type ProductApplication, simulatedProductService } from '@ashlar/product-service/simulation';
import { type Bookings, type ShippingApplication, simulatedShippingService } from '@ashlar/shipping-service/simulation';
import type { Deployment, SimulatedSystem, Simulation } from '@ashlar/simulation';
import { simulatedUserService, type UserApplication } from '@ashlar/user-service/simulation';
import type { SagaStyle } from '../shop/shop.ts';
import { brokenInvariants } from './shop-invariants.ts';
import { shopping } from './shop-load.ts';
import { Witness } from './shop-witness.ts';

/** Short, so that many sagas time out while something is away. */
const STEP_TIMEOUT_MS = 4_000;

/** All six services by their own composition roots, and the world outside with its own account of what it did. */
export interface SimulatedShop {
  readonly services: SimulatedSystem;
  readonly witness: Witness;
  readonly charges: Charges;
  readonly bookings: Bookings;
  readonly user: Deployment<UserApplication>;
  readonly product: Deployment<ProductApplication>;
  readonly inventory: Deployment<InventoryApplication>;
  readonly payment: Deployment<PaymentApplication>;
  readonly shipping: Deployment<ShippingApplication>;
  readonly order: Deployment<OrderApplication>;
}

function simulatedShop(services: SimulatedSystem, saga: SagaStyle): SimulatedShop {
  const charges: Charges = new Map();
  const bookings: Bookings = new Map();
  return {
    services,
    witness: new Witness(),
    charges,
    bookings,
    user: services.deploy(simulatedUserService()),
    product: services.deploy(simulatedProductService()),
    inventory: services.deploy(simulatedInventoryService({ openingStock: new Map() })),
    payment: services.deploy(simulatedPaymentService(charges)),
    shipping: services.deploy(simulatedShippingService(bookings)),
    order: services.deploy(simulatedOrderService({ saga, stepTimeoutMs: STEP_TIMEOUT_MS, readModels: 'postgres' })),
  };
}

/** The shop under simulation, in one of its saga styles. */
export const shopSimulation = (saga: SagaStyle): Simulation<SimulatedShop> => ({
  system: (services) => simulatedShop(services, saga),
  load: shopping,
  invariants: brokenInvariants,
});
