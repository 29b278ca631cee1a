/** What is asked of the carrier, durably: it goes on until the carrier has answered. */
export interface CarrierJobs {
  book(orderId: string): Promise<void>;
  cancel(orderId: string): Promise<void>;
}
