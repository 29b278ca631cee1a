/** What the shop's public API answers, as far as clients here look at it. */
export interface Money {
  readonly amount: number;
  readonly currency: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly traceId: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

export interface UserView {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: 'customer' | 'admin';
  readonly createdAt: string;
}

export interface SessionView {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly tokenType: string;
  readonly expiresIn: number;
}

export interface ProductView {
  readonly id: string;
  readonly sku: string;
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly price: Money;
  readonly status: 'active' | 'archived';
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface StockView {
  readonly productId: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly available: number;
}

export interface AccountView {
  readonly id: string;
  readonly userId: string;
  readonly currency: string;
  readonly balance: Money;
  readonly reserved: Money;
  readonly available: Money;
  readonly version: number;
  readonly createdAt: string;
}

export interface EntryView {
  readonly type: string;
  readonly amount: Money;
  readonly balanceAfter: Money;
  readonly orderId?: string;
  readonly at: string;
  readonly version: number;
}

export interface DepositView {
  readonly depositId: string;
  readonly status: 'pending' | 'completed' | 'declined';
  readonly amount: Money;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type OrderStatus = 'pending' | 'confirmed' | 'shipped' | 'delivered' | 'rejected' | 'cancelled';

export interface AddressView {
  readonly name: string;
  readonly line1: string;
  readonly line2?: string;
  readonly city: string;
  readonly postalCode: string;
  readonly country: string;
}

export interface OrderView {
  readonly id: string;
  readonly userId: string;
  readonly status: OrderStatus;
  readonly reason?: string;
  readonly items: readonly {
    readonly productId: string;
    readonly name: string;
    readonly quantity: number;
    readonly unitPrice: Money;
  }[];
  readonly total: Money;
  readonly shippingAddress?: AddressView;
  readonly shipmentId?: string;
  readonly timeline: readonly { readonly at: string; readonly type: string; readonly detail?: string }[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface ShipmentView {
  readonly id: string;
  readonly orderId: string;
  readonly status: 'scheduled' | 'dispatched' | 'delivered' | 'cancelled';
  readonly carrier: string;
  readonly trackingNumber: string;
  readonly address: AddressView;
  readonly timeline: readonly { readonly at: string; readonly type: string }[];
}
