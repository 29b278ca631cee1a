import type { ServiceDefinition } from '@ashlar/host';
import type { ReadModels } from '@ashlar/order-service';
import type { ProductCopies } from '@ashlar/product-service';
import type { Configuration } from '../configuration.ts';
import type { AdministratorSecret } from '../data-directory.ts';
import { ISSUER } from './issuer.ts';

/** What the services are wired with, whatever process they run in; it can be sent from one to another. */
export interface ShopSettings extends Pick<Configuration, 'seed' | 'saga' | 'stepTimeoutMs'> {
  readonly cardProcessorUrl: string;
  readonly carrierUrl: string;
  readonly readModels: ReadModels;
  readonly copies: ProductCopies;
  /** Known to the user service only. */
  readonly administrator?: AdministratorSecret;
}

const DEMO_STOCK = 10_000;

type Load = (settings: ShopSettings) => Promise<ServiceDefinition>;

/** As they are wired for production. Loading one loads nothing of the others. */
const LOADERS = {
  user: async ({ administrator }) => {
    const { userService } = await import('@ashlar/user-service');
    return userService({ ...ISSUER, ...(administrator && { admin: administrator }) });
  },
  product: async ({ seed, copies }) => (await import('@ashlar/product-service')).productService({ seed, copies }),
  inventory: async ({ seed }) => {
    const { inventoryService } = await import('@ashlar/inventory-service');
    return inventoryService({ openingStock: new Map(seed === 'demo' ? await demoStock() : []) });
  },
  payment: async ({ cardProcessorUrl }) =>
    (await import('@ashlar/payment-service')).paymentService({ cardProcessorUrl }),
  order: async ({ saga, stepTimeoutMs, readModels }) =>
    (await import('@ashlar/order-service')).orderService({ saga, stepTimeoutMs, readModels }),
  shipping: async ({ carrierUrl }) => (await import('@ashlar/shipping-service')).shippingService({ carrierUrl }),
} satisfies Record<string, Load>;

const demoStock = async () =>
  (await import('@ashlar/product-service')).demoProducts.map(({ id }) => [id, DEMO_STOCK] as const);

export type ServiceName = keyof typeof LOADERS;

export const SERVICES = Object.keys(LOADERS) as readonly ServiceName[];

export const loadService = (name: ServiceName, settings: ShopSettings): Promise<ServiceDefinition> =>
  LOADERS[name](settings);
