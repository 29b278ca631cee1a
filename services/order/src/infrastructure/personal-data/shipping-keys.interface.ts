/** With what shipping wants to have the addresses of each customer sealed. */
export interface ShippingKeys {
  find(userId: string): Promise<string | undefined>;
  put(userId: string, publicKey: string): Promise<void>;
  forget(userId: string): Promise<void>;
}
