import { DomainError, type Money, sum, times, UuidV7Ids } from '@ashlar/domain';

const ids = new UuidV7Ids();
const dollars = (amount: number): Money => ({ amount, currency: 'USD' });

const invoice = { invoiceId: ids.next(), total: sum('USD', [times(dollars(1299), 2), dollars(500)]) };
console.log(`total ${invoice.total.amount} ${invoice.total.currency}`);

try {
  sum('USD', [dollars(1), { amount: 1, currency: 'EUR' }]);
} catch (error) {
  if (error instanceof DomainError) console.log(`refused: ${error.code} (${error.fault})`);
}
