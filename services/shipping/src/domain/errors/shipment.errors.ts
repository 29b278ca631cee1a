import { DomainError } from '@ashlar/domain';

export const ShipmentError = {
  notFound: (id: string) => new DomainError('shipment_not_found', 'not_found', `There is no shipment ${id}.`),
  carrierAway: (status: number) =>
    new DomainError('carrier_away', 'unavailable', `The carrier gave no clear answer (status ${status}).`),
  notYours: () => new DomainError('forbidden', 'forbidden', 'This shipment belongs to someone else.'),
  cannotBecome: (id: string, from: string, to: string) =>
    new DomainError('wrong_status', 'conflict', `Shipment ${id} is ${from}; it cannot become ${to}.`),
  notConfirmed: (id: string) =>
    new DomainError('order_not_confirmed', 'conflict', `The order of shipment ${id} is not confirmed.`),
};
